/** Content that isn't typed: emails, snippets, files, other apps' messages, forwards. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { CHANNEL_ICONS, icon } from "./icons.js";
import { Menu } from "./menu.js";
import { channelLabel } from "./state.js";

/** @type {{kind: string, label: string, description: string, mark: import("./icons.js").IconName, channelOnly?: boolean}[]} */
const SAMPLES = [
  {
    kind: "email",
    label: "An email",
    description: "A customer writes to the channel's address",
    mark: "mail",
    channelOnly: true,
  },
  { kind: "snippet", label: "A snippet", description: "A short list with numbers", mark: "copy" },
  { kind: "picture", label: "A picture", description: "A number that only people can read", mark: "image" },
  { kind: "card", label: "A contact card", description: "As phones share one", mark: "person" },
  {
    kind: "app",
    label: "Another app's message",
    description: "With a link to a WhatsApp chat",
    mark: "bolt",
    channelOnly: true,
  },
];

/** The menu beside the message box. @param {import("./hosts.js").Page} page @returns {HTMLElement} */
export function otherContent(page) {
  const menu = new Menu({
    icon: "plus",
    label: "Post something else",
    testid: "post",
    className: "composer-tool",
    groups: () => [{ label: "Post here", options: [...files(page), ...samplesFor(page.store.channel)] }],
    onChoose: ({ value, raw }) => {
      const [me, channel] = [page.store.me.id, page.store.channel.id];
      report(page, raw?.file ? api.postSample(me, channel, value) : api.postContent(me, channel, value));
    },
  });
  return menu.node;
}

/** @param {import("./hosts.js").Page} page @returns {import("./listbox.js").Group} where a message can be forwarded to */
export function forwardTargets(page) {
  const options = page.store.channels
    .filter(({ kind }) => kind !== "im")
    .map((channel) => ({
      value: channel.id,
      label: channel.name,
      lead: lead(CHANNEL_ICONS[channel.kind]),
      raw: { forward: true },
    }));
  return { label: "Forward to", options };
}

/** @param {import("./hosts.js").Page} page @param {string} message its id @param {string} channel */
export function forward(page, message, channel) {
  return report(page, api.forward(page.store.me.id, message, channel));
}

/** The files of the tips. */
function files(page) {
  return page.extras.tips
    .flatMap(({ samples }) => samples)
    .map(({ name, note }) => ({ value: name, label: name, description: note, lead: lead("file"), raw: { file: true } }));
}

function samplesFor(channel) {
  const inChannel = channel !== null && channelLabel(channel).startsWith("#");
  return SAMPLES.filter(({ channelOnly }) => inChannel || !channelOnly).map(
    ({ kind, label, description, mark }) => ({ value: kind, label, description, lead: lead(mark) }),
  );
}

function lead(name) {
  return h("span", { class: "option-icon" }, icon(name));
}

async function report(page, request) {
  const answer = await request;
  if (!answer.ok) page.notices.toast(answer.error ?? "Not posted. Try again.");
}
