/** Notices: a toast for errors, a banner for a lost connection, announcements for screen readers. */

import { h } from "./dom.js";
import { icon, iconButton } from "./icons.js";

const SHOWN_MS = 7000;

export class Notices {
  #timer = 0;

  /** @param {import("./state.js").Store} store @param {{banner: HTMLElement, live: HTMLElement}} nodes */
  constructor(store, { banner, live }) {
    this.live = live;
    this.text = h("span", { dir: "auto" });
    this.box = h(
      "div",
      { class: "toast", role: "alert", popover: "manual", data: { testid: "toast" } },
      icon("alert"),
      this.text,
      iconButton("close", "Dismiss", () => this.#hide(), { class: "quiet" }),
    );
    document.body.append(this.box);
    store.on("connection", () => {
      banner.hidden = store.connection !== "lost";
      banner.textContent = banner.hidden ? "" : "Lost the connection to the demo. Reconnecting…";
    });
  }

  /** Shows above everything, an open modal included. */
  toast(text) {
    clearTimeout(this.#timer);
    this.#hide();
    (document.querySelector("dialog[open]") ?? document.body).append(this.box);
    this.box.showPopover();
    this.text.textContent = text;
    this.#timer = setTimeout(() => this.#hide(), SHOWN_MS);
  }

  /** Only for screen readers. */
  announce(text) {
    this.live.textContent = text;
  }

  #hide() {
    if (this.box.matches(":popover-open")) this.box.hidePopover();
  }
}
