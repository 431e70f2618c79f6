/** Buttons and overflow menus, with the question that may come before they act. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { Listbox } from "../listbox.js";
import { plain } from "../mrkdwn.js";
import { Popup } from "../popup.js";
import { confirmed } from "../confirm.js";

/** A second press this soon is a slip; later ones are sent, as Slack sends them. */
const SLIP_MS = 400;

/** @type {Record<string, (element: any, place: import("./place.js").Place) => HTMLElement>} */
export const BUTTONS = { button, workflow_button: button, overflow };

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

/** @returns {(work: () => Promise<any>) => void} shows that the work goes on; ignores a slip */
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

function overflow(element, place) {
  const node = h(
    "button",
    {
      type: "button",
      class: "button icon-only",
      ...place.props(element),
      "aria-labelledby": null,
      "aria-label": "More actions",
      role: "combobox",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
    },
    icon("more"),
  );
  const busy = whileBusy(node);
  const choose = async (option) => {
    popup.close();
    if (element.confirm && !(await confirmed(element.confirm, place.host.names))) return;
    if (option.raw.url) open(option.raw.url, "_blank", "noopener,noreferrer");
    busy(() => place.send(element, option.value));
  };
  const list = new Listbox({ label: "More actions", owner: node, onChoose: choose });
  const popup = new Popup(node, list.node, {
    matchWidth: false,
    minWidth: 180,
    align: "end",
    onClose: () => node.setAttribute("aria-expanded", "false"),
  });
  const show = () => {
    list.show([
      {
        label: null,
        options: element.options.map((raw) => ({
          value: raw.value,
          label: raw.text.text,
          description: raw.description?.text,
          raw,
        })),
      },
    ]);
    popup.open();
    node.setAttribute("aria-expanded", "true");
  };
  node.addEventListener("click", () => (popup.isOpen ? popup.close() : show()));
  node.addEventListener("keydown", (event) => menuKey(event, list, popup, show));
  node.addEventListener("blur", () => popup.close());
  return h("span", { class: "overflow" }, node, popup.node);
}

/** Keys of a button that opens a list. */
export function menuKey(event, list, popup, show) {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) {
    event.preventDefault();
    if (popup.isOpen) list.move(steps[event.key]);
    else show();
  } else if (popup.isOpen && event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    popup.close();
  } else if (popup.isOpen && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    list.choose();
  }
}
