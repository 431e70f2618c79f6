/**
 * What the page knows, as the acting person sees it. Views listen to its events:
 * `reset` (another person, or everything reloaded), `channel`, `tab`, `thread`, `pane`, `messages`, `views`, `unread`,
 * `connection`, `payload`, `phones`.
 *
 * @typedef {{id: string, name: string, app: boolean, initials: string, color: string}} Author
 * @typedef {{id: string, ts: string, channel: string, author: Author, text: string, blocks: any[] | null,
 *   ephemeral: boolean, edited: boolean, thread_ts: string | null, broadcast: boolean,
 *   files: import("./attachments.js").File[], attachments: any[] | null}} Message
 * @typedef {{id: string, name: string, kind: "public" | "private" | "shared" | "im" | "group" | "pair", topic: string, members: string[]}} Channel
 * @typedef {{id: string, name: string, real_name: string, title: string, kind: string, may_send: boolean, tz: string, initials: string, color: string}} Person
 * @typedef {{id: string, hash: string, title: any, submit: any, close: any, blocks: any[], state?: any}} View
 */

import { FIRST } from "./address.js";
import { Memory } from "./memory.js";
import { setZone } from "./times.js";

/** @param {Channel} channel @returns {string} its name as people write it: only channels have a "#" */
export function channelLabel({ kind, name }) {
  return ["public", "private", "shared"].includes(kind) ? `#${name}` : name;
}

/** A restarted demo reuses its IDs, but at other times. */
const keyOf = ({ id, ts }) => `${id}/${ts}`;

export class Store extends EventTarget {
  me = /** @type {Person | null} */ (null);
  team = { id: "", name: "Acme", domain: "" };
  people = /** @type {Person[]} */ ([]);
  channels = /** @type {Channel[]} */ ([]);
  commands = /** @type {{command: string, hint: string, description: string}[]} */ ([]);
  views = /** @type {View[]} */ ([]);
  home = /** @type {View | null} */ (null);
  channel = /** @type {Channel | null} */ (null);
  /** The app's tabs that its manifest turns on, and the one that was opened last. @type {("home" | "messages")[]} */
  tabs = [];
  /** @type {"home" | "messages"} */
  tab = "messages";
  /** The ts of the message whose replies are shown beside the channel, or null. @type {string | null} */
  thread = null;
  /** The pane beside a link's preview, or null. @type {import("./details.js").Pane | null} */
  pane = null;
  /** @type {"starting" | "live" | "lost"} */
  connection = "starting";
  unread = /** @type {Set<string>} */ (new Set());
  /** Threads with replies since this page was loaded that were not opened. @type {Set<string>} */
  unreadThreads = new Set();
  #messages = /** @type {Map<string, Map<string, Message>>} */ (new Map());

  /** People whose state this page has loaded before. */
  #loaded = /** @type {Set<string>} */ (new Set());
  #dropped = /** @type {Set<string>} */ (new Set());

  constructor() {
    super();
    this.memory = new Memory();
  }

  /** Replaces everything with the demo's state; keeps the open channel if this person is in it. */
  reset(state, wanted) {
    const before = [this.me?.id, this.channel?.id].join();
    Object.assign(this, {
      me: state.me,
      team: state.team,
      people: state.people,
      channels: state.channels,
      commands: state.commands,
      views: state.views.stack,
      home: state.views.home,
      tabs: [state.home_tab && "home", state.messages_tab && "messages"].filter(Boolean),
    });
    setZone(state.me.tz);
    this.#dropOldEphemerals(state);
    this.#messages = new Map(
      Object.entries(state.messages).map(([id, list]) => [
        id,
        new Map(list.filter((m) => !this.#dropped.has(keyOf(m))).map((m) => [m.id, m])),
      ]),
    );
    this.channel = this.findChannel(wanted) ?? this.findChannel(FIRST.channel) ?? this.channels[0] ?? null;
    if (before !== [this.me?.id, this.channel?.id].join()) this.thread = this.pane = null;
    this.#countUnread();
    this.#emit("reset");
  }

  /** Slack stores no ephemeral messages: those from before this page was loaded are gone. */
  #dropOldEphemerals({ me, messages }) {
    if (this.#loaded.has(me.id)) return;
    this.#loaded.add(me.id);
    for (const message of Object.values(messages).flat())
      if (message.ephemeral) this.#dropped.add(keyOf(message));
  }

  /** @param {string} channelId @param {"home" | "messages"} [tab] of the app @returns {boolean} whether this person has such a channel */
  open(channelId, tab = this.tab) {
    const channel = this.findChannel(channelId);
    if (!channel) return false;
    if (channel !== this.channel) this.thread = this.pane = null;
    this.channel = channel;
    this.tab = tab;
    this.markRead();
    this.#emit("channel");
    return true;
  }

  /** Whether the Home tab is shown instead of messages. */
  get atHome() {
    return this.channel?.kind === "im" && this.tab === "home" && this.tabs.includes("home");
  }

  /** Opens a tab of the app, whose channel is open. @param {"home" | "messages"} tab */
  openTab(tab) {
    this.tab = tab;
    if (this.atHome) this.thread = this.pane = null;
    else this.markRead();
    this.#emit("tab");
  }

  /** Shows the replies to a message of the open channel, or none. @param {string | null} ts */
  openThread(ts) {
    this.thread = ts;
    if (ts) this.openPane(null);
    this.unreadThreads.delete(`${this.channel?.id}/${ts}`);
    this.#emit("thread");
  }

  /** Shows the pane of a preview in place of a thread, or none. @param {import("./details.js").Pane | null} pane */
  openPane(pane) {
    this.pane = pane;
    if (pane && this.thread) this.openThread(null);
    this.#emit("pane");
  }

  /** The app has filled a pane, perhaps one that is no longer open. @param {import("./details.js").Pane} pane */
  fillPane(pane) {
    if (this.pane?.message !== pane.message || this.pane?.url !== pane.url) return;
    this.pane = pane;
    this.#emit("pane");
  }

  /** @param {Message} message a new one, or a changed one under its old id */
  put(message) {
    const list = this.#list(message.channel);
    const isNew = !list.has(message.id);
    list.set(message.id, message);
    const elsewhere = message.channel !== this.channel?.id || this.atHome;
    const isOthers = isNew && message.author.id !== this.me?.id;
    if (isOthers && elsewhere) this.unread.add(message.channel);
    const { thread_ts: thread } = message;
    if (isOthers && thread && thread !== message.ts && (elsewhere || thread !== this.thread))
      this.unreadThreads.add(`${message.channel}/${thread}`);
    if (!elsewhere) this.markRead();
    this.#emit("messages", { channel: message.channel, message, isNew });
    if (isNew) this.#emit("unread");
  }

  remove(channelId, messageId) {
    if (this.#list(channelId).delete(messageId)) this.#emit("messages", { channel: channelId });
  }

  /** Hides an ephemeral message on this page only: Slack stores none either. */
  dismiss(message) {
    this.memory.dismiss(message);
    this.remove(message.channel, message.id);
  }

  setViews({ stack, home }) {
    this.views = stack;
    this.home = home;
    this.#emit("views");
  }

  setConnection(connection) {
    if (this.connection === connection) return;
    this.connection = connection;
    this.#emit("connection");
  }

  /** Something happened on a customer's phone. */
  changePhones() {
    this.#emit("phones");
  }

  addPayload(payload) {
    this.#emit("payload", payload);
  }

  /** @returns {Message[]} oldest first */
  messagesIn(channelId) {
    return [...this.#list(channelId).values()]
      .filter((message) => !this.memory.isDismissed(message))
      .sort((a, b) => Number(a.ts) - Number(b.ts));
  }

  findChannel(id) {
    return this.channels.find((channel) => channel.id === id) ?? null;
  }

  findPerson(id) {
    return this.people.find((person) => person.id === id) ?? null;
  }

  /** @returns {string | null} the name of a person, or of an app that has posted here */
  nameOf(id) {
    const person = this.findPerson(id);
    if (person) return person.real_name;
    for (const list of this.#messages.values()) {
      for (const { author } of list.values()) if (author.id === id) return author.name;
    }
    return null;
  }

  /** Whether this is the open channel's newest message. */
  endsWith(text) {
    return this.channel !== null && this.messagesIn(this.channel.id).at(-1)?.text === text;
  }

  markRead() {
    if (!this.channel || !this.me || this.atHome) return;
    this.unread.delete(this.channel.id);
    const newest = this.messagesIn(this.channel.id).at(-1);
    if (newest) this.memory.setLastRead(this.me.id, this.channel.id, newest.ts);
  }

  /** @param {string} event @param {(detail: any) => void} listener */
  on(event, listener) {
    this.addEventListener(event, (happened) => listener(/** @type {CustomEvent} */ (happened).detail));
  }

  /** Marks channels with messages since this person last opened them in this tab. */
  #countUnread() {
    this.unread = new Set();
    for (const channel of this.channels) {
      const newest = this.messagesIn(channel.id).at(-1);
      if (!newest || !this.me) continue;
      const read = this.memory.lastRead(this.me.id, channel.id);
      if (read === null) this.memory.setLastRead(this.me.id, channel.id, newest.ts);
      else if (Number(newest.ts) > Number(read) && newest.author.id !== this.me.id)
        this.unread.add(channel.id);
    }
    this.markRead();
  }

  #list(channelId) {
    if (!this.#messages.has(channelId)) this.#messages.set(channelId, new Map());
    return this.#messages.get(channelId);
  }

  #emit(event, detail) {
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }
}
