/** What messages and modals provide to their blocks: names for IDs, and calls to the app. */

import * as api from "./api.js";
import { mrkdwn } from "./mrkdwn.js";

/** @typedef {{store: import("./state.js").Store, notices: import("./notices.js").Notices, extras: import("./extras.js").Extras, openChannel: (id: string) => void, openThread: (ts: string) => void, showMessage: (channel: string, ts: string) => void}} Page */

/** @param {Page} page @returns {import("./mrkdwn.js").Names} */
export function namesOf({ store, openChannel }) {
  return {
    person: (id) => store.nameOf(id),
    channel: (id) => store.findChannel(id)?.name ?? null,
    get me() {
      return store.me?.id;
    },
    openChannel,
  };
}

/** A message's plain text, without markup. @param {Page} page @param {string} text */
export function plainText(page, text) {
  return mrkdwn(text, namesOf(page)).textContent ?? "";
}

/**
 * @param {Page} page
 * @param {"message" | "modal" | "home"} kind
 * @param {{message: string} | {view: string}} source
 * @param {import("./form.js").Form} form
 * @returns {import("./blocks/place.js").Host}
 */
export function hostOf(page, kind, source, form) {
  const common = () => ({ as: page.store.me.id, source, values: form.values() });
  return {
    kind,
    source,
    form,
    store: page.store,
    names: namesOf(page),
    press: async (action) => {
      const answer = await api.press({ ...common(), ...action });
      if (!answer.ok) page.notices.toast(answer.error ?? "The app didn't respond. Try again.");
      return answer;
    },
    suggest: (question) => api.suggest({ ...common(), ...question }),
  };
}
