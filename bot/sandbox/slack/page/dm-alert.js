/** A pop-up for what Slack notifies of: the app's direct messages, and its messages that mention the person. */

import { appMark } from "./avatar.js";
import { arrange, h } from "./dom.js";
import { plainText } from "./hosts.js";
import { iconButton } from "./icons.js";

const SHOWN_MS = 9000;

export class DirectMessageAlert {
  #timer = 0;
  #message = /** @type {import("./state.js").Message | null} */ (null);

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
    page.store.on("channel", () => page.store.channel?.id === this.#message?.channel && this.#hide());
    page.store.on("reset", () => this.#hide());
  }

  #onMessage({ channel, message, isNew }) {
    const { store } = this.page;
    const notifies = store.findChannel(channel)?.kind === "im" || message?.text.includes(`<@${store.me?.id}>`);
    if (!isNew || !message.author.app || !notifies || this.#isOnScreen(message)) return;
    this.#hide();
    this.#message = message;
    this.title.textContent = message.author.name;
    const files = (message.files ?? []).map(({ title }) => title);
    const text = plainText(this.page, message.text);
    arrange(this.text, [document.createTextNode([text, ...files].filter(Boolean).join(" · "))]);
    (document.querySelector("dialog[open]") ?? document.body).append(this.box);
    this.box.showPopover();
    this.#timer = setTimeout(() => this.#hide(), SHOWN_MS);
  }

  /** Whether the open channel shows it: a reply is only in its thread. */
  #isOnScreen({ channel, ts, thread_ts: thread, broadcast }) {
    const { store } = this.page;
    if (channel !== store.channel?.id || store.atHome) return false;
    return broadcast || !thread || thread === ts || thread === store.thread;
  }

  #open() {
    const message = this.#message;
    this.#hide();
    if (message) this.page.showMessage(message.channel, message.ts);
  }

  #hide() {
    clearTimeout(this.#timer);
    if (this.box.matches(":popover-open")) this.box.hidePopover();
  }
}
