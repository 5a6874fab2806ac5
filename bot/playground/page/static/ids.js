// Ids by which one element names or describes another.

let last = 0;

/** @returns {string} An id that no other element has. */
export function newId() {
  last += 1;
  return `b${last}`;
}
