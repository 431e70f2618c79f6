/** The page's requests to the embedded Slack, one function per route. */

const UNREACHABLE = "The demo isn't responding. Is it still running?";

/** Identifies this page until it is reloaded: Slack opens a form only where it was requested. */
const PAGE = Math.random().toString(36).slice(2);

/** Thrown when the person does not exist. */
export class UnknownPerson extends Error {}

/**
 * @param {string} as the id of the person acting
 * @returns {Promise<any>} the state as this person sees it
 * @throws {UnknownPerson} when the person does not exist
 * @throws {Error} when the demo cannot be reached
 */
export async function loadState(as) {
  const answer = await fetch(`/sandbox/state?${new URLSearchParams({ as, page: PAGE })}`);
  if (answer.status === 400 || answer.status === 404) throw new UnknownPerson(as);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

/** @param {string} as */
export function eventsUrl(as) {
  return `/sandbox/events?${new URLSearchParams({ as, page: PAGE })}`;
}

/** @returns {Promise<any[]>} the payloads numbered above `after`, oldest first */
export async function loadPayloads(after) {
  const answer = await fetch(`/sandbox/payloads?after=${after}`);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return (await answer.json()).payloads;
}

/** @param {string} as @param {string} channel @param {string} text @param {string} [thread_ts] of the message replied to */
export const type = (as, channel, text, thread_ts) => post("/sandbox/type", { as, channel, text, thread_ts });

/** @param {string} as @param {"home" | "messages"} tab of the app */
export const openTab = (as, tab) => post("/sandbox/home", { as, tab });

/** Posts content that isn't typed: @param {string} as @param {string} channel @param {string} kind */
export const postContent = (as, channel, kind) => post("/sandbox/post", { as, channel, kind });

/** Posts a file of the tips. @param {string} as @param {string} channel @param {string} sample its name */
export const postSample = (as, channel, sample) => post("/sandbox/post", { as, channel, sample });

/** @param {string} as @param {string} message its id @param {string} channel where it is forwarded to */
export const forward = (as, message, channel) => post("/sandbox/post", { as, message, channel });

/** @param {{as: string, source: object, block_id: string, action_id: string, value: any, values: object}} press */
export const press = (press) => post("/sandbox/press", press);

/** @param {{as: string, source: object, block_id: string, action_id: string, query: string, values: object}} question */
export const suggest = (question) => post("/sandbox/suggest", question);

/** @param {string} as @param {string} view @param {"submit" | "close"} verb @param {object} values */
export const act = (as, view, verb, values) => post("/sandbox/view", { as, view, do: verb, values });

/**
 * @param {string} as
 * @param {{do: "open" | "refresh" | "close" | "press" | "press_in_pane", message?: string, url?: string, action_id?: string}} act
 *   with a link's preview or the pane beside it
 */
export const usePreview = (as, act) => post("/sandbox/preview", { as, ...act });

/** @param {string} as @param {string} callback_id @param {string} [message] its id, for a message shortcut */
export const useShortcut = (as, callback_id, message) =>
  post("/sandbox/shortcut", { as, callback_id, message });

const NO_EXTRAS = { shortcuts: [], tips: [], phones: false };

/** Never throws: the page works without extras. @returns {Promise<{shortcuts: any[], tips: any[], phones: boolean}>} */
export const loadExtras = async () => (await loadOrNull("/sandbox/extras")) ?? NO_EXTRAS;

/** Never throws. @returns {Promise<import("./whatsapp.js").Phones | null>} null if the demo isn't responding */
export const loadPhones = () => loadOrNull("/sandbox/phones");

async function loadOrNull(path) {
  try {
    const answer = await fetch(path);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** Does something on a customer's phone. @param {{customer: number, to: string, do: string} & Record<string, any>} act */
export const actOnPhone = (act) => post("/sandbox/phones/do", act);

/** @param {string} name @param {boolean} has_number whether the business sees it */
export const addCustomer = (name, has_number) => post("/sandbox/phones/add", { name, has_number });

/** Lets the first customers write on their own. */
export const startStory = () => post("/sandbox/phones/story", {});

/** Does what Meta does. @param {"pause" | "category" | "quality"} verb */
export const actAsMeta = (verb) => post("/sandbox/phones/meta", { do: verb });

/** Moves the demo's clock forward by a day. */
export const skipDay = () => post("/sandbox/phones/skip", {});

/** @param {string} as @param {globalThis.File} file sent as raw bytes; never throws */
export function uploadFile(as, file) {
  const query = new URLSearchParams({ as, name: file.name, type: file.type });
  return send(`/sandbox/upload?${query}`, "application/octet-stream", file);
}

/**
 * Never throws: an unreachable demo is reported as an error like any other.
 * @returns {Promise<{ok: boolean, error?: string, errors?: Record<string, string>} & Record<string, any>>}
 */
function post(path, body) {
  return send(path, "application/json", JSON.stringify({ page: PAGE, ...body }));
}

async function send(path, type, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "content-type": type }, body });
    return await answer
      .json()
      .catch(() => ({ ok: false, error: `The demo responded with status ${answer.status}.` }));
  } catch {
    return { ok: false, error: UNREACHABLE };
  }
}
