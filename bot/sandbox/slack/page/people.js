/** The person switcher, to see the app as different people do. */

import { avatar } from "./avatar.js";
import { arrange, h } from "./dom.js";
import { icon } from "./icons.js";
import { Listbox } from "./listbox.js";
import { menuKey } from "./menu.js";
import { Popup } from "./popup.js";

const KINDS = {
  owner: "Owner",
  admin: "Admin",
  member: "Member",
  guest: "Guest",
  single_channel_guest: "Single-channel guest",
  stranger: "External",
};

const kindOf = (person) => (KINDS[person.kind] ?? person.kind) + (person.may_send ? ", may send" : "");

/** @param {string} zone such as "Asia/Kolkata" */
const city = (zone) => zone.split("/").at(-1).replaceAll("_", " ");

export class PersonSwitcher {
  /** @param {import("./state.js").Store} store @param {(person: string) => void} become */
  constructor(store, become) {
    this.store = store;
    this.button = h("button", {
      type: "button",
      class: "me-button",
      role: "combobox",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      data: { testid: "person-switcher" },
      on: {
        click: () => (this.popup.isOpen ? this.popup.close() : this.#open()),
        keydown: (event) => menuKey(event, this.list, this.popup, () => this.#open()),
        blur: () => this.popup.close(),
      },
    });
    const choose = (option) => {
      this.popup.close();
      become(option.value);
    };
    this.list = new Listbox({
      label: "Act as",
      testid: "person-option",
      owner: this.button,
      onChoose: choose,
    });
    this.popup = new Popup(this.button, this.list.node, {
      className: "people",
      maxHeight: 480,
      onClose: () => this.button.setAttribute("aria-expanded", "false"),
    });
    this.node = h("div", { class: "me-row" }, this.button, this.popup.node);
    store.on("reset", () => this.#draw());
  }

  #draw() {
    const { me } = this.store;
    if (!me) return;
    this.button.setAttribute("aria-label", `You are: ${me.real_name}, ${kindOf(me)}. Act as someone else`);
    arrange(this.button, [
      avatar(me),
      h(
        "span",
        { class: "me-text" },
        h(
          "span",
          { class: "me-name", dir: "auto" },
          h("span", { class: "me-you" }, "You are: "),
          me.real_name,
        ),
        h("span", { class: "me-kind" }, [kindOf(me), me.title].filter(Boolean).join(" · ")),
      ),
      icon("chevron"),
    ]);
  }

  #open() {
    const { people, me } = this.store;
    const options = people.map((person) => ({
      value: person.id,
      label: person.real_name,
      description: [kindOf(person), person.title, `${city(person.tz)} time`].filter(Boolean).join(" · "),
      lead: avatar(person),
    }));
    this.list.show([{ label: "Act as", options }], {
      selected: new Set([me?.id ?? ""]),
      active: people.findIndex((person) => person.id === me?.id),
    });
    this.popup.open();
    this.button.setAttribute("aria-expanded", "true");
  }
}
