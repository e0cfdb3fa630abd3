// What is the matter with everything: the banner above the views, and what is said to those who hear the page.
import {$} from './dom.js';

// text: what is shown above the view, or null. stopsWrites: why no action can work now, or null. refuses: why none can
// that writes data, or null.
export const banner = {text: null, stopsWrites: null, code: null, refuses: null};

const QUIET_MS = 5000;
let last = 0, waiting = null, timer = 0;

// A2: one polite region; at most one message in five seconds, of several the last. now: an answer to what the
// user has just done, which does not wait.
export function announce(text, now = false) {
    const say = () => {
        last = Date.now();
        $('live').textContent = waiting;
        waiting = null;
    };
    waiting = text;
    clearTimeout(timer);
    if (now || Date.now() - last >= QUIET_MS) say();
    else timer = setTimeout(say, QUIET_MS - (Date.now() - last));
}
