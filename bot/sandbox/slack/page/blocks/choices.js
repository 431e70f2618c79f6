/** Radio buttons and checkboxes. */

import { h, newId } from "../dom.js";
import { textNodes } from "../mrkdwn.js";

/** @type {Record<string, (element: any, place: import("./place.js").Place) => HTMLElement>} */
export const CHOICES = { radio_buttons: radios, checkboxes };

function radios(element, place) {
  const entry = place.entry(element, element.initial_option?.value ?? null);
  const choose = (value) => {
    place.enter(element, value);
    place.changed(element, value);
  };
  return group("radiogroup", element, place, "radio", (value) => entry.value === value, choose);
}

function checkboxes(element, place) {
  const { value } = place.entry(
    element,
    (element.initial_options ?? []).map((option) => option.value),
  );
  const chosen = new Set(value);
  const toggle = (value, on) => {
    if (on) chosen.add(value);
    else chosen.delete(value);
    const values = element.options.map((option) => option.value).filter((each) => chosen.has(each));
    place.enter(element, values);
    place.changed(element, values);
  };
  return group("group", element, place, "checkbox", (each) => chosen.has(each), toggle);
}

function group(role, element, place, type, isChosen, onChange) {
  const name = newId("choice");
  const { "aria-labelledby": labelledBy, "aria-describedby": describedBy } = place.props(element);
  return h(
    "div",
    {
      class: "choices",
      role,
      "aria-labelledby": labelledBy,
      "aria-describedby": describedBy,
      "aria-label": labelledBy ? null : place.label(element),
    },
    element.options.map((option) => {
      const { data } = place.props(element, option.value);
      return h(
        "label",
        { class: "choice" },
        h("input", {
          type,
          name,
          checked: isChosen(option.value),
          data: { ...data, value: option.value },
          on: { change: (event) => onChange(option.value, event.target.checked) },
        }),
        h(
          "span",
          { class: "choice-text text" },
          h("span", { class: "choice-label" }, textNodes(option.text, place.host.names)),
          option.description
            ? h("span", { class: "choice-description" }, textNodes(option.description, place.host.names))
            : null,
        ),
      );
    }),
  );
}
