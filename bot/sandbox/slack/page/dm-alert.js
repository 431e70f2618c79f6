/** A pop-up for the app's new direct message while another channel is open. */

import { appMark } from "./avatar.js";
import { arrange, h } from "./dom.js";
import { plainText } from "./hosts.js";
import { iconButton } from "./icons.js";

const SHOWN_MS = 9000;

export class DirectMessageAlert {
  #timer = 0;
  #channel = "";

  /** @param {import("./hosts.js").Page} page */
  constructor(page) {
    this.page = page;
    this.title = h("strong", { dir: "auto" });
    this.text = h("span", { class: "dm-alert-text", dir: "auto" });
    this.opener = h(
      "button",
      {
        type: "button",
        class: "dm-alert-open",
        data: { testid: "dm-alert-open" },
        on: { click: () => this.#open() },
      },
      appMark("small"),
      h("span", { class: "dm-alert-body" }, this.title, this.text),
    );
    this.box = h(
      "div",
      { class: "dm-alert", role: "status", popover: "manual", data: { testid: "dm-alert" } },
      this.opener,
      iconButton("close", "Dismiss", () => this.#hide(), { class: "quiet" }),
    );
    document.body.append(this.box);
    page.store.on("messages", (change) => this.#onMessage(change));
    page.store.on("channel", () => page.store.channel?.id === this.#channel && this.#hide());
    page.store.on("reset", () => this.#hide());
  }

  #onMessage({ channel, message, isNew }) {
    const { store } = this.page;
    const place = store.findChannel(channel);
    if (!isNew || !message.author.app || place?.kind !== "im" || channel === store.channel?.id) return;
    this.#hide();
    this.#channel = channel;
    this.title.textContent = message.author.name;
    const files = (message.files ?? []).map(({ title }) => title);
    const text = plainText(this.page, message.text);
    arrange(this.text, [document.createTextNode([text, ...files].filter(Boolean).join(" · "))]);
    (document.querySelector("dialog[open]") ?? document.body).append(this.box);
    this.box.showPopover();
    this.#timer = setTimeout(() => this.#hide(), SHOWN_MS);
  }

  #open() {
    this.#hide();
    this.page.openChannel(this.#channel);
  }

  #hide() {
    clearTimeout(this.#timer);
    if (this.box.matches(":popover-open")) this.box.hidePopover();
  }
}
