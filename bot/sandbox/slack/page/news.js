/** A message of the app in one's direct messages, while one looks elsewhere: a card that leads there. */

import { appMark } from "./avatar.js";
import { arrange, h } from "./dom.js";
import { spoken } from "./hosts.js";
import { iconButton } from "./icons.js";

const SHOWN_MS = 9000;

export class News {
  #timer = 0;
  #channel = "";

  /** @param {import("./hosts.js").Page} page */
  constructor(page) {
    this.page = page;
    this.title = h("strong", { dir: "auto" });
    this.words = h("span", { class: "news-text", dir: "auto" });
    this.opener = h(
      "button",
      {
        type: "button",
        class: "news-open",
        data: { testid: "news-open" },
        on: { click: () => this.#open() },
      },
      appMark("small"),
      h("span", { class: "news-words" }, this.title, this.words),
    );
    this.box = h(
      "div",
      { class: "news", role: "status", popover: "manual", data: { testid: "news" } },
      this.opener,
      iconButton("close", "Dismiss", () => this.#hide(), { class: "quiet" }),
    );
    document.body.append(this.box);
    page.store.on("messages", (change) => this.#came(change));
    page.store.on("channel", () => page.store.channel?.id === this.#channel && this.#hide());
    page.store.on("reset", () => this.#hide());
  }

  #came({ channel, message, isNew }) {
    const { store } = this.page;
    const place = store.findChannel(channel);
    if (!isNew || !message.author.app || place?.kind !== "im" || channel === store.channel?.id) return;
    this.#hide();
    this.#channel = channel;
    this.title.textContent = message.author.name;
    const files = (message.files ?? []).map(({ title }) => title);
    const said = spoken(this.page, message.text);
    arrange(this.words, [document.createTextNode([said, ...files].filter(Boolean).join(" · "))]);
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
