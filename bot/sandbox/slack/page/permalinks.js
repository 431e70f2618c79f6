/** Permalinks of messages in Slack's form: https://acme.slack.com/archives/C0SALES/p1714578994000100. */

const PATH = /^\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})$/;

/**
 * @param {string} address
 * @param {string} domain the workspace's own ("acme")
 * @returns {{channel: string, ts: string} | null} null unless it is a message of this workspace
 */
export function readPermalink(address, domain) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  const [, channel, seconds, fraction] = PATH.exec(url.pathname) ?? [];
  if (url.hostname !== `${domain}.slack.com` || !channel) return null;
  return { channel, ts: `${seconds}.${fraction}` };
}
