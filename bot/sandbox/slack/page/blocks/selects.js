/** The select menus, single and multiple, and the source of each one's options. */

import { Combobox } from "../combobox.js";
import { h } from "../dom.js";
import { CHANNEL_ICONS, icon } from "../icons.js";
import { avatar } from "../avatar.js";

/** Slack's default for external selects: docs.slack.dev, "Select menu element". */
const MIN_QUERY = 3;

/** @type {Record<string, (element: any, place: import("./place.js").Place) => HTMLElement>} */
export const SELECTS = {
  static_select: (element, place) =>
    select(element, place, {
      filter: (query) => matching(groupsOf(element), query),
      initial: first(element.initial_option),
    }),
  multi_static_select: (element, place) =>
    select(element, place, {
      multi: true,
      filter: (query) => matching(groupsOf(element), query),
      initial: element.initial_options?.map(asOption),
    }),
  external_select: (element, place) =>
    select(element, place, { ...external(element, place), initial: first(element.initial_option) }),
  multi_external_select: (element, place) =>
    select(element, place, {
      multi: true,
      ...external(element, place),
      initial: element.initial_options?.map(asOption),
    }),
  users_select: (element, place) => known(element, place, people(place), [element.initial_user]),
  multi_users_select: (element, place) => known(element, place, people(place), element.initial_users, true),
  channels_select: (element, place) =>
    known(element, place, channels(place, ["public"]), [element.initial_channel]),
  multi_channels_select: (element, place) =>
    known(element, place, channels(place, ["public"]), element.initial_channels, true),
  conversations_select: (element, place) =>
    known(element, place, conversations(element, place), [initialConversation(element, place)]),
  multi_conversations_select: (element, place) =>
    known(element, place, conversations(element, place), element.initial_conversations, true),
};

/**
 * A single select sends each choice to the app, a multiple one sends them when it closes.
 * @param {any} element
 * @param {import("./place.js").Place} place
 * @param {{multi?: boolean, filter?: any, ask?: any, minQuery?: number, initial?: import("../listbox.js").Option[]}} source
 */
function select(element, place, { multi = false, initial = [], ...source }) {
  const valueOf = (options) => (multi ? options.map((option) => option.value) : (options[0]?.value ?? null));
  const entry = place.entry(element, valueOf(initial), initial);
  const notify = (options) => place.changed(element, valueOf(options));
  const box = new Combobox({
    multi,
    ...source,
    max: element.max_selected_items,
    placeholder: element.placeholder?.text ?? (multi ? "Select options" : "Select an option"),
    label: place.label(element),
    selected: entry.shown,
    clearable: place.input?.optional,
    inputProps: place.props(element),
    onChange: (options) => place.enter(element, valueOf(options), options),
    onClose: notify,
  });
  return box.node;
}

const known = (element, place, options, initialIds, multi = false) =>
  select(element, place, {
    multi,
    filter: (query) => matching([{ label: null, options }], query),
    initial: (initialIds ?? []).map((id) => options.find((option) => option.value === id)).filter(Boolean),
  });

function external(element, place) {
  return {
    minQuery: element.min_query_length ?? MIN_QUERY,
    ask: async (query) => {
      const answer = await place.host.suggest({
        block_id: place.block.block_id,
        action_id: element.action_id,
        query,
      });
      if (!answer.ok)
        return {
          groups: [],
          error: answer.error ?? "Couldn't load the options. Type again to retry.",
        };
      return { groups: groupsOf(answer) };
    },
  };
}

/** @returns {import("../listbox.js").Group[]} */
function groupsOf({ options, option_groups }) {
  if (option_groups)
    return option_groups.map((group) => ({ label: group.label.text, options: group.options.map(asOption) }));
  return [{ label: null, options: (options ?? []).map(asOption) }];
}

function asOption(option) {
  return { value: option.value, label: option.text.text, description: option.description?.text };
}

const first = (option) => (option ? [asOption(option)] : []);

/** Every typed word must occur in the label or the description. */
export function matching(groups, query) {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const fits = (option) =>
    words.every((word) => `${option.label} ${option.description ?? ""}`.toLocaleLowerCase().includes(word));
  return groups
    .map((group) => ({ ...group, options: group.options.filter(fits) }))
    .filter((group) => group.options.length);
}

const people = ({ host }) =>
  host.store.people.map((person) => ({
    value: person.id,
    label: person.real_name,
    description: person.title,
    lead: avatar(person, "small"),
  }));

const channels = ({ host }, kinds) =>
  host.store.channels
    .filter((channel) => kinds.includes(channel.kind))
    .map((channel) => ({
      value: channel.id,
      label: channel.name,
      lead: h("span", { class: "option-icon" }, icon(CHANNEL_ICONS[channel.kind])),
    }));

/** Slack's filters by channel kind. A shared channel may be public or private: both include it. */
const INCLUDES = { public: ["public", "shared"], private: ["private", "shared"], im: ["im"], mpim: [] };

function conversations(element, place) {
  const wanted = element.filter?.include?.flatMap((kind) => INCLUDES[kind] ?? []) ?? [
    "public",
    "private",
    "shared",
    "im",
  ];
  const kinds = element.filter?.exclude_external_shared_channels
    ? wanted.filter((kind) => kind !== "shared")
    : wanted;
  return channels(place, kinds);
}

const initialConversation = (element, { host }) =>
  element.initial_conversation ??
  (element.default_to_current_conversation ? host.store.channel?.id : undefined);
