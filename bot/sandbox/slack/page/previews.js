/** Previews of the app's links: a card that opens a pane, or blocks where Slack shows no cards. */

import * as api from "./api.js";
import { h } from "./dom.js";

/** @typedef {{text: string, action_id: string, value?: string, style?: string}} EntityAction */

/**
 * @param {any} attachment @param {import("./hosts.js").Page} page @param {string} message its id
 * @returns {HTMLElement}
 */
export function previewCard({ app_unfurl_url: url, entity }, page, message) {
  const { attributes, actions } = entity.entity_payload;
  const open = async () => {
    page.store.openPane({ message, url, entity: null, error: null });
    await tell(page, { do: "open", message, url });
  };
  const press = (action) => tell(page, { do: "press", message, url, action_id: action.action_id });
  return h(
    "section",
    { class: "preview", "aria-label": attributes.title.text, data: { testid: "preview" } },
    h("p", { class: "fine" }, attributes.product_name ?? "", attributes.display_type ? ` · ${attributes.display_type}` : ""),
    h(
      "button",
      {
        type: "button",
        class: "preview-title text-button",
        data: { testid: "preview-open", key: `preview ${url}` },
        on: { click: open },
      },
      h("span", { dir: "auto" }, attributes.title.text),
    ),
    entityButtons(actions, press),
  );
}

/** The primary and other buttons of a Work Object, all in one row. */
export function entityButtons(actions, press) {
  const all = [...(actions?.primary_actions ?? []), ...(actions?.overflow_actions ?? [])];
  if (!all.length) return null;
  return h(
    "div",
    { class: "actions" },
    all.map((action) =>
      h(
        "button",
        {
          type: "button",
          class: `button ${action.style ?? ""}`,
          data: { testid: "entity-action", actionId: action.action_id, key: `${action.action_id} ${action.value}` },
          on: { click: () => press(action) },
        },
        h("span", { class: "button-text" }, action.text),
      ),
    ),
  );
}

/** Sends an act to the demo, and shows why it failed. @param {import("./hosts.js").Page} page @param {any} act */
export async function tell(page, act) {
  const answer = await api.usePreview(page.store.me.id, act);
  if (!answer.ok) page.notices.toast(answer.error ?? "The app didn't respond. Try again.");
  else if (answer.pane) page.store.fillPane(answer.pane);
  return answer;
}

/** Blocks of a preview send their presses as the preview's. */
export function previewHost({ app_unfurl_url: url }, host, page) {
  const { message } = host.source;
  return { ...host, press: ({ action_id }) => tell(page, { do: "press", message, url, action_id }) };
}
