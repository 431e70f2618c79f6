/** Reads the entries that Slack holds for a view (`state.values`) into an empty form. */

import { withEmoji } from "./emoji.js";

/**
 * @param {import("./form.js").Form} form
 * @param {import("./state.js").View} view
 * @param {(id: string) => string | null} nameOf the name of a person or channel
 */
export function adopt(form, view, nameOf) {
  for (const [block, actions] of Object.entries(view.state?.values ?? {})) {
    for (const [action, entry] of Object.entries(actions)) {
      const read = READERS.find(([name]) => name in entry);
      if (read) form.set(block, action, entry.type, ...read[1](entry[read[0]], nameOf));
    }
  }
}

const asIs = (value) => [value ?? null, value ?? null];
const typed = (value) => asIs(value && withEmoji(value));
const option = (chosen) => [chosen?.value ?? null, chosen ? [shown(chosen)] : []];
const options = (chosen) => [(chosen ?? []).map(({ value }) => value), (chosen ?? []).map(shown)];
const id = (chosen, nameOf) => [
  chosen ?? null,
  chosen ? [{ value: chosen, label: nameOf(chosen) ?? chosen }] : [],
];
const ids = (chosen, nameOf) => [
  chosen ?? [],
  (chosen ?? []).map((each) => ({ value: each, label: nameOf(each) ?? each })),
];
const files = (chosen) => [
  chosen.map(({ id }) => id),
  chosen.map(({ id, name, size }) => ({ id, name, size })),
];
const shown = (chosen) => ({ value: chosen.value, label: chosen.text.text });

/** The entry's key by element type; each reader returns the value and its display form. */
const READERS =
  /** @type {[string, (entry: any, nameOf: (id: string) => string | null) => [any, any]][]} */ ([
    ["value", typed],
    ["selected_date", asIs],
    ["selected_time", asIs],
    ["selected_date_time", asIs],
    ["selected_option", option],
    ["selected_options", options],
    ["selected_user", id],
    ["selected_channel", id],
    ["selected_conversation", id],
    ["selected_users", ids],
    ["selected_channels", ids],
    ["selected_conversations", ids],
    ["files", files],
  ]);
