/** An icon button that opens a short list of actions. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { Listbox } from "./listbox.js";
import { Popup } from "./popup.js";

export class Menu {
  /**
   * @param {{icon: import("./icons.js").IconName, label: string, testid: string, className: string,
   *   align?: "start" | "end", groups: () => import("./listbox.js").Group[],
   *   onChoose: (option: import("./listbox.js").Option) => void}} options
   */
  constructor({ icon: name, label, testid, className, align, groups, onChoose }) {
    this.groups = groups;
    this.button = h(
      "button",
      {
        type: "button",
        class: className,
        "aria-label": label,
        title: label,
        role: "combobox",
        "aria-haspopup": "listbox",
        "aria-expanded": "false",
        data: { testid },
        on: {
          click: () => (this.popup.isOpen ? this.popup.close() : this.#open()),
          keydown: (event) => menuKey(event, this.list, this.popup, () => this.#open()),
          blur: () => this.popup.close(),
        },
      },
      icon(name),
    );
    const choose = (option) => {
      this.popup.close();
      onChoose(option);
    };
    this.list = new Listbox({ label, testid: `${testid}-option`, owner: this.button, onChoose: choose });
    this.popup = new Popup(this.button, this.list.node, {
      matchWidth: false,
      minWidth: 220,
      align,
      onClose: () => this.#closed(),
    });
    this.node = h("span", { class: "menu" }, this.button, this.popup.node);
  }

  #open() {
    this.list.show(this.groups());
    this.popup.open();
    this.button.setAttribute("aria-expanded", "true");
    this.node.classList.add("open");
  }

  #closed() {
    this.button.setAttribute("aria-expanded", "false");
    this.node.classList.remove("open");
  }
}

/** Handles the keys of a button that opens a list. */
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
