// Lists that grow at their end and stay there, unless the reader scrolled up.

const NEAR_PX = 60;

/**
 * @param {HTMLElement} scroller With all its content there.
 * @returns {(place: string, change: () => void) => void} Change the content; a new place starts at its end.
 */
export function sticking(scroller) {
  let shown = "";
  let atEnd = true;
  const toEnd = () => {
    if (atEnd) scroller.scrollTop = scroller.scrollHeight;
  };
  scroller.addEventListener("scroll", () => {
    atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
  });
  // Lines also break anew when a pane opens beside them, and pictures take their place when they are there.
  const sizes = new ResizeObserver(toEnd);
  for (const element of [scroller, ...scroller.children]) sizes.observe(element);
  return (place, change) => {
    atEnd ||= place !== shown;
    shown = place;
    change();
    toEnd();
  };
}
