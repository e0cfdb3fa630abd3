// A view while it is open: what its functions are given. Reading again, drawing, what went wrong.
import {api, ApiError} from './api.js';
import {h} from './dom.js';
import {announce, banner} from './state.js';
import {results} from './actions.js';
import {setQuery} from './router.js';
import {T} from './text.js';

export class Page {
    // view: its module; at: what router.parse() found; draw: asks the frame to draw everything.
    constructor(view, at, draw) {
        Object.assign(this, {view, params: at.params, query: at.query, path: at.path, state: {}, data: null, error: null, atMs: 0, dataAt: null, isLoading: false, draw});
        this.begun = this.reading = 0; // number of reads begun; the one that `data` came from
        this.again = false;
        this.ending = new AbortController();
        this.hindrance = null; // why the last reading is not all anew
    }

    // Reads from the API; ends with the view.
    get(path, values) {
        return api.get(path, values, {signal: this.ending.signal});
    }

    // The same for what may be missing or forbidden: null then.
    async maybe(path, values) {
        try {
            return await this.get(path, values);
        } catch (e) {
            if (e.status === 404 || e.status === 403 || e.status === 405) return null;
            throw e;
        }
    }

    // While a script runs not everything is answered: the view goes on with `known`, and the banner tells why.
    async orKnown(answers, known) {
        try {
            return await answers;
        } catch (e) {
            if (e.code !== 'BUSY') throw e;
            this.hindrance = e;
            return known;
        }
    }

    // Other values in the query of the address; the view is read anew. push: Back leads here.
    set(values, push = true) {
        setQuery(values, push);
    }

    async reload() {
        if (this.isLoading) {
            this.again = true;
            return;
        }
        this.isLoading = true;
        this.hindrance = null;
        const asked = location.hash, reading = ++this.begun;
        try {
            const data = await this.view.load?.(this) ?? {};
            Object.assign(this, {data, dataAt: asked, reading, error: null, atMs: Date.now()}); // dataAt: the address that they answer
            if (this.hindrance) this.failed(this.hindrance);
            else if (banner.code) {
                Object.assign(banner, {code: null, text: null, stopsWrites: null});
                announce(T.state.over);
            }
        } catch (e) {
            if (e.name === 'AbortError') return;
            this.failed(e);
        } finally {
            this.isLoading = false;
            this.triedMs = Date.now();
        }
        this.draw();
        if (this.again && !this.ending.signal.aborted) {
            this.again = false;
            await this.reload();
        }
    }

    failed(e) {
        if (!(e instanceof ApiError) && !e.isAway) console.error(e); // isAway: the server could not be reached, which is no bug of the page
        if (e.status === 0 || e.status === 401) return; // the frame tells
        if (e.status === 503 || e.status === 429) {
            Object.assign(banner, {code: e.code, text: T.state.busy[e.code] ?? e.text, stopsWrites: e.status === 503 ? T.state.busy[e.code] ?? e.text : null});
            announce(banner.text);
            if (this.data) return;
        }
        this.error = e;
    }

    // Runs what a button does; what goes wrong is told below the view, and the view stays.
    async attempt(f) {
        try {
            await f();
        } catch (e) {
            if (e.name !== 'AbortError') this.tell(e);
        }
        this.draw();
    }

    tell(e) {
        if (!(e instanceof ApiError)) console.error(e);
        results.unshift({title: T.action.failed, text: e.text ?? `${T.state.failed}: ${e.message}`, commands: e.command ? [e.command] : [], undo: null});
        announce(e.text ?? e.message, true);
    }

    end() {
        this.ending.abort();
        this.view.leave?.(this);
    }

    title() {
        const {title} = this.view;
        return typeof title === 'function' ? title(this) : title;
    }

    // What is in the view's place when it could not be read.
    wrong(back) {
        const e = this.error;
        const text = e.status === 403 ? T.state.forbidden : e.code === 'NOTFOUND' ? T.state.noRoute : e.status === 404 ? T.state.missing : e.code === 'WRONGTYPE' ? T.state.wrongType : null;
        return h('div', {class: 'empty'},
            text ? h('p', null, text) : null,
            h('p', {class: text ? 'hint' : 'wrong'}, e.text ?? `${T.state.failed}: ${e.message}`),
            h('p', null, back, ' ', h('button', {type: 'button', onclick: () => this.reload()}, T.state.retry)));
    }
}
