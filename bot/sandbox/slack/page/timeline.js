/** The messages of the open channel, grouped by day and author. */

import { appMark } from "./avatar.js";
import { arrange, h } from "./dom.js";
import { plainText } from "./hosts.js";
import { CHANNEL_ICONS, icon } from "./icons.js";
import { MessageView } from "./message.js";
import { highlight, parentOf } from "./threads.js";
import { channelLabel } from "./state.js";
import { dayName, dayOf } from "./times.js";

/** Messages of one author this close together share one heading. */
const RUN_SECONDS = 300;
/** This close to its end, the timeline follows new messages. */
const NEAR_END_PX = 120;
/** @typedef {import("./state.js").Message} Message */

export class Timeline {
  #views = /** @type {Map<string, MessageView>} */ (new Map());
  #days = /** @type {Map<string, HTMLElement>} */ (new Map());
  #intro = h("div", { class: "intro" });

  /** @param {HTMLElement} node @param {import("./hosts.js").Page} page */
  constructor(node, page) {
    this.node = node;
    this.page = page;
    this.list = h("div", { class: "timeline-list" });
    this.more = h(
      "button",
      { type: "button", class: "newer", hidden: true, on: { click: () => this.toEnd() } },
      icon("down"),
      "New messages",
    );
    node.append(this.list, this.more);
    node.addEventListener(
      "scroll",
      () => {
        if (this.#isNearEnd()) this.more.hidden = true;
      },
      { passive: true },
    );
    new ResizeObserver(() => {
      if (this.#following) this.toEnd();
    }).observe(node);
    const { store } = page;
    store.on("reset", () => this.#restart());
    for (const event of ["channel", "tab"]) store.on(event, () => this.#restart());
    store.on("thread", () => this.#draw());
    store.on("messages", (change) => this.#changed(change));
  }

  #following = true;

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
    this.more.hidden = true;
    this.#following = true;
  }

  /** Scrolls to a message and highlights it briefly. @param {Message} message */
  showMessage(message) {
    this.#following = false;
    highlight(this.#view(message).node);
  }

  #isNearEnd() {
    this.#following = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END_PX;
    return this.#following;
  }

  /** Shows another channel or person. Views of messages that are still visible keep their entries. */
  #restart() {
    const channel = this.page.store.channel?.id ?? "";
    const key = `${this.page.store.me?.id}/${channel}`;
    const same = key === this.shown;
    if (!same) this.#views.clear();
    this.shown = key;
    this.#draw();
    if (!same || this.#following) this.toEnd();
  }

  #changed({ channel, message, isNew }) {
    const { store, notices } = this.page;
    if (channel !== store.channel?.id) return;
    const follow = this.#isNearEnd() || message?.author.id === store.me?.id;
    this.#draw();
    if (!isNew) return follow && this.toEnd();
    notices.announce(`${message.author.name}: ${plainText(this.page, message.text)}`);
    if (follow) this.toEnd();
    else this.more.hidden = false;
  }

  #draw() {
    const { store } = this.page;
    this.node.hidden = store.atHome;
    if (!store.channel || store.atHome) return;
    const messages = store.messagesIn(store.channel.id);
    const parents = new Map(messages.map((message) => [message.ts, message]));
    const threads = repliesByParent(messages, parents);
    const nodes = [this.#drawIntro(store.channel)];
    let previous = /** @type {Message | null} */ (null);
    for (const message of messages.filter((each) => each.broadcast || !parentOf(each, parents))) {
      const newDay = !previous || dayOf(previous.ts) !== dayOf(message.ts);
      if (newDay) nodes.push(this.#day(message.ts));
      const view = this.#view(message);
      const parent = parentOf(message, parents);
      view.update(message, {
        grouped: !newDay && !parent && continues(previous, message),
        replies: threads.get(message.ts),
        parent,
      });
      nodes.push(view.node);
      previous = message;
    }
    arrange(this.list, nodes);
  }

  #view(message) {
    if (!this.#views.has(message.id)) this.#views.set(message.id, new MessageView(message, this.page));
    return this.#views.get(message.id);
  }

  #day(ts) {
    const key = dayOf(ts);
    if (!this.#days.has(key))
      this.#days.set(key, h("div", { class: "day", role: "separator" }, h("span", {}, dayName(ts))));
    return this.#days.get(key);
  }

  /** The introduction at the top of a channel. */
  #drawIntro(channel) {
    const { store } = this.page;
    const app = channel.kind === "im";
    const mark = app
      ? appMark("large")
      : h("span", { class: "intro-mark" }, icon(CHANNEL_ICONS[channel.kind]));
    const among = channel.kind === "group" || channel.kind === "pair";
    const text = app
      ? "Messages between you and the app. Only you two can see them."
      : among
        ? `Messages between ${people(channel, store)}. Apps can't join, but their commands work here.`
        : `The beginning of #${channel.name}, with ${people(channel, store)}.`;
    arrange(this.#intro, [
      mark,
      h("div", {}, h("h2", {}, channelLabel(channel)), h("p", {}, text)),
    ]);
    return this.#intro;
  }
}

function people({ members }, store) {
  const names = members.map((id) => store.findPerson(id)?.real_name.split(" ")[0]).filter(Boolean);
  return names.length > 3
    ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
    : names.join(", ").replace(/, ([^,]*)$/, " and $1");
}

/** @param {Message[]} messages @returns {Map<string, Message[]>} replies by the ts of their parent */
function repliesByParent(messages, parents) {
  const threads = new Map();
  for (const message of messages) {
    const parent = parentOf(message, parents);
    if (parent) threads.set(parent.ts, [...(threads.get(parent.ts) ?? []), message]);
  }
  return threads;
}

function continues(previous, message) {
  return (
    previous.author.id === message.author.id &&
    previous.ephemeral === message.ephemeral &&
    !message.ephemeral &&
    Number(message.ts) - Number(previous.ts) < RUN_SECONDS
  );
}
