/** Buttons, with an optional confirmation before they act. */

import { h } from "../dom.js";
import { plain } from "../mrkdwn.js";
import { confirmed } from "../confirm.js";

/** A second press this soon is a double click; later ones are sent, as in Slack. */
const SLIP_MS = 400;

/** @type {Record<string, (element: any, place: import("./place.js").Place) => HTMLElement>} */
export const BUTTONS = { button };

function button(element, place) {
  const props = place.props(element);
  const node = h(
    "button",
    {
      type: "button",
      class: `button ${element.style ?? ""}`,
      "aria-label": element.accessibility_label,
      data: { ...props.data, value: element.value },
    },
    h("span", { class: "button-text" }, plain(element.text.text, { emoji: element.text.emoji })),
  );
  const busy = whileBusy(node);
  node.addEventListener("click", async () => {
    if (element.confirm && !(await confirmed(element.confirm, place.host.names))) return;
    if (element.url) open(element.url, "_blank", "noopener,noreferrer");
    busy(() => place.send(element, null));
  });
  return node;
}

/** @returns {(work: () => Promise<any>) => void} shows that the work is in progress; ignores double clicks */
function whileBusy(node) {
  let pending = 0;
  let lastPress = -Infinity;
  return async (work) => {
    if (performance.now() - lastPress < SLIP_MS) return;
    lastPress = performance.now();
    pending += 1;
    node.setAttribute("aria-busy", "true");
    await work();
    pending -= 1;
    if (!pending) node.removeAttribute("aria-busy");
  };
}
