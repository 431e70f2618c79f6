/** Ctrl/Cmd+K: jump to a channel by its name. */

import { matching } from "./blocks/selects.js";
import { h } from "./dom.js";
import { CHANNEL_ICONS, icon } from "./icons.js";
import { Listbox } from "./listbox.js";

export class Switcher {
  /** @param {import("./hosts.js").Page} page */
  constructor(page) {
    this.page = page;
    this.input = h("input", {
      type: "text",
      class: "box",
      role: "combobox",
      "aria-label": "Jump to a channel",
      "aria-expanded": "true",
      "aria-autocomplete": "list",
      autocomplete: "off",
      placeholder: "Jump to a channel",
      data: { testid: "switcher" },
      on: { input: () => this.#draw(), keydown: (event) => this.#key(event) },
    });
    this.list = new Listbox({
      label: "Channels",
      testid: "switcher-option",
      owner: this.input,
      onChoose: (option) => this.#go(option.value),
    });
    this.none = h("p", { class: "popup-status" }, "No matching channel");
    this.dialog = h(
      "dialog",
      {
        class: "dialog switcher",
        "aria-label": "Jump to a channel",
        on: { click: (event) => event.target === this.dialog && this.dialog.close() },
      },
      h("div", {}, this.input, this.none, this.list.node),
    );
    document.body.append(this.dialog);
  }

  open() {
    if (this.dialog.open || document.querySelector("dialog[open]")) return;
    this.input.value = "";
    this.dialog.showModal();
    this.#draw();
  }

  #draw() {
    const { store } = this.page;
    const options = store.channels.map((channel) => ({
      value: channel.id,
      label: channel.name,
      description: store.unread.has(channel.id) ? "New messages" : channel.topic,
      lead: h("span", { class: "option-icon" }, icon(CHANNEL_ICONS[channel.kind])),
    }));
    this.list.show(matching([{ label: null, options }], this.input.value));
    this.none.hidden = this.list.length > 0;
  }

  #go(channel) {
    this.dialog.close();
    this.page.openChannel(channel);
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.list.move(step);
    else if (event.key === "Enter") this.list.choose();
    else return;
    event.preventDefault();
  }
}
