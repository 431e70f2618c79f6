/** Text inputs, and the date and time picker. */

import { h } from "../dom.js";
import { fromPicker, toPicker } from "../times.js";

/** Slack waits a moment after a character before it notifies the app. */
const CHARACTER_PAUSE_MS = 350;

/** @type {Record<string, (element: any, place: import("./place.js").Place) => HTMLElement>} */
export const INPUTS = {
  plain_text_input: (element, place) =>
    box(element, place, element.multiline ? "textarea" : "input", element.multiline ? {} : { type: "text" }),
  email_text_input: (element, place) =>
    box(element, place, "input", {
      type: "text",
      inputmode: "email",
      autocomplete: "off",
      autocapitalize: "off",
    }),
  url_text_input: (element, place) =>
    box(element, place, "input", {
      type: "text",
      inputmode: "url",
      autocomplete: "off",
      autocapitalize: "off",
    }),
  number_input: (element, place) =>
    box(element, place, "input", {
      type: "text",
      inputmode: element.is_decimal_allowed ? "decimal" : "numeric",
      class: "box number",
    }),
  datetimepicker: moment,
  datepicker: (element, place) => picker(element, place, "date", element.initial_date),
  timepicker: (element, place) => picker(element, place, "time", element.initial_time),
};

/** A date or a time of day, as the browser's own pickers write them: Slack has the same form. */
function picker(element, place, type, initial) {
  const { value } = place.entry(element, initial ?? null);
  const changed = () => {
    place.enter(element, node.value || null);
    place.changed(element, node.value || null);
  };
  const node = h("input", {
    class: "box moment",
    type,
    ...named(element, place),
    value: value ?? "",
    autofocus: element.focus_on_load,
    on: { change: changed },
  });
  return node;
}

/** A date and time in the person's own zone; the app gets Unix seconds. */
function moment(element, place) {
  const { value } = place.entry(element, element.initial_date_time ?? null);
  const changed = () => {
    const seconds = node.value ? fromPicker(node.value) : null;
    place.enter(element, seconds);
    place.changed(element, seconds);
  };
  const node = h("input", {
    class: "box moment",
    type: "datetime-local",
    ...named(element, place),
    value: value ? toPicker(value) : "",
    autofocus: element.focus_on_load,
    on: { change: changed },
  });
  return node;
}

function box(element, place, tag, props) {
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const { value } = place.entry(element, element.initial_value ?? null);
  let timer = 0;
  const typed = () => {
    place.enter(element, node.value || null);
    clearTimeout(timer);
    if (place.dispatches && triggers.includes("on_character_entered")) {
      timer = setTimeout(() => place.send(element, node.value || null), CHARACTER_PAUSE_MS);
    }
  };
  const key = (event) => {
    if (
      event.key !== "Enter" ||
      event.isComposing ||
      !place.dispatches ||
      !triggers.includes("on_enter_pressed")
    )
      return;
    if (tag === "textarea" && event.shiftKey) return;
    event.preventDefault();
    place.send(element, node.value || null);
  };
  const node = h(tag, {
    class: "box",
    ...props,
    ...named(element, place),
    placeholder: element.placeholder?.text,
    maxlength: element.max_length,
    rows: tag === "textarea" ? 4 : null,
    dir: "auto",
    value: value ?? "",
    autofocus: element.focus_on_load,
    on: { input: typed, keydown: key },
  });
  return node;
}

function named(element, place) {
  const props = place.props(element);
  return { ...props, "aria-label": props["aria-labelledby"] ? null : place.label(element) };
}
