/** What this tab stores across reloads: drafts, commands, read marks, dismissed messages. */

const KEY = "sandbox.memory";
const COMMANDS_KEPT = 50;
const DISMISSED_KEPT = 500;

export class Memory {
  #data = {
    drafts: {},
    commands: {},
    read: {},
    dismissed: [],
    ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}"),
  };

  draft(person, channel) {
    return this.#data.drafts[`${person}/${channel}`] ?? "";
  }

  setDraft(person, channel, text) {
    if (text) this.#data.drafts[`${person}/${channel}`] = text;
    else delete this.#data.drafts[`${person}/${channel}`];
    this.#save();
  }

  /** @returns {string[]} newest first */
  commands(person) {
    return this.#data.commands[person] ?? [];
  }

  addCommand(person, text) {
    const before = this.commands(person).filter((command) => command !== text);
    this.#data.commands[person] = [text, ...before].slice(0, COMMANDS_KEPT);
    this.#save();
  }

  /** @returns {string | null} the ts of the newest message this person saw there */
  lastRead(person, channel) {
    return this.#data.read[`${person}/${channel}`] ?? null;
  }

  setLastRead(person, channel, ts) {
    this.#data.read[`${person}/${channel}`] = ts;
    this.#save();
  }

  isDismissed(message) {
    return this.#data.dismissed.includes(nameOf(message));
  }

  dismiss(message) {
    this.#data.dismissed = [...this.#data.dismissed, nameOf(message)].slice(-DISMISSED_KEPT);
    this.#save();
  }

  #save() {
    sessionStorage.setItem(KEY, JSON.stringify(this.#data));
  }
}

/** A restarted demo reuses its IDs, but at other times. */
const nameOf = ({ id, ts }) => `${id}/${ts}`;
