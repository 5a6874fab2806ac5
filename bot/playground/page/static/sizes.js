// Sizes of files as people read them.

const UNITS = /** @type {const} */ ([
  ["gigabyte", 1e9],
  ["megabyte", 1e6],
  ["kilobyte", 1e3],
  ["byte", 1],
]);

/** @param {number} bytes @returns {string} "41 kB", in the reader's own locale. */
export function sizeOf(bytes) {
  const [unit, each] = UNITS.find(([, least]) => bytes >= least) ?? UNITS[UNITS.length - 1];
  // "10 byte" is what the short form says.
  const unitDisplay = unit === "byte" ? "long" : "short";
  return new Intl.NumberFormat(undefined, { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 }).format(
    bytes / each,
  );
}
