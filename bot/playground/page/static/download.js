// Where a file's bytes are.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @param {string} fileId @returns {string} */
export const bytesOf = (fileId) => `/file/${encodeURIComponent(fileId)}`;

/** @param {{id: string, name: string}} file @returns {HTMLElement} */
export const downloadLink = (file) =>
  h(
    "a",
    {
      class: "tool",
      href: `${bytesOf(file.id)}?download=1`,
      download: file.name,
      "aria-label": `Download ${file.name}`,
      title: "Download",
    },
    icon("download"),
  );
