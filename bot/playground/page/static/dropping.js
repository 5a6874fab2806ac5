// Files dropped anywhere on a pane.

/**
 * @param {HTMLElement} pane Has `data-dropping` while files are held over it.
 * @param {(files: Iterable<File>) => void} attach
 */
export function dropZone(pane, attach) {
  /** @param {DragEvent} event */
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

  pane.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    pane.dataset.dropping = "";
  });
  pane.addEventListener("dragleave", (event) => {
    if (!pane.contains(/** @type {Node | null} */ (event.relatedTarget))) delete pane.dataset.dropping;
  });
  pane.addEventListener("drop", (event) => {
    delete pane.dataset.dropping;
    if (!event.dataTransfer || !holdsFiles(event)) return;
    event.preventDefault();
    attach(event.dataTransfer.files);
  });
}
