// Where one is in a page, in its address: #key=…&mode=…&class=…, so that it can be sent and Back works.

/**
 * Return the values in the address. A bare `#name` means `key=name`.
 * @returns {Record<string, string>}
 */
export function readAddress() {
  const text = location.hash.slice(1);
  if (text && !text.includes("=")) return { key: decodeURIComponent(text) };
  return Object.fromEntries(new URLSearchParams(text));
}

/**
 * Put values into the address; empty ones are left out.
 * @param {Record<string, string | null | undefined>} values
 * @param {boolean} isStep whether Back returns to where one was
 */
export function writeAddress(values, isStep) {
  const kept = Object.entries(values).filter((entry) => entry[1]);
  const hash = `#${new URLSearchParams(/** @type {[string, string][]} */ (kept))}`;
  if (hash === (location.hash || "#")) return;
  try {
    if (isStep) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
  } catch { /* some browsers refuse it to files */ }
}

/** Call back when the user goes back, forward, or follows a link in the page. @param {() => void} action */
export function onAddress(action) {
  addEventListener("popstate", action);
}
