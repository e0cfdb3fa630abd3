// Where a group goes on reading (XGROUP SETID). What becomes unread is counted before, by a dry run.
import {api} from './api.js';
import {command, label} from './bytes.js';
import {h} from './dom.js';
import {fromInput, toInput} from './time.js';
import {G, S} from './text_queues.js';

export function positionAction(g) {
    const body = v => v.to === 'id' ? {id: v.id} : v.to === 'time' ? {atMs: fromInput(v.time)} : {[v.to]: true};
    const isWhole = v => v.to === 'id' ? /^\d+(-\d+)?$/.test(v.id) : v.to === 'time' ? !Number.isNaN(fromInput(v.time)) : true;
    const idOf = v => ({start: '0-0', end: '$', id: v.id || '?', time: Number.isNaN(fromInput(v.time)) ? '?' : `${fromInput(v.time)}-0`})[v.to];
    const state = {asked: null, text: ''};
    const ask = async (v, draw) => {
        const id = JSON.stringify(body(v));
        if (state.asked === id) return;
        Object.assign(state, {asked: id, text: '…'});
        try {
            const {unread, atLeast} = await api.put(`${g.path}/position`, {...body(v), dry: true});
            if (state.asked === id) state.text = atLeast ? G.atLeast(unread) : G.willBe(unread);
        } catch (e) {
            state.text = e.text ?? e.message;
        }
        draw();
    };
    return {
        title: G.positionTitle(label(g.group)), text: G.positionText, button: G.positionButton,
        fields: [{name: 'to', label: G.positionTo, type: 'select', value: 'start', options: Object.entries(G.positions)},
                 {name: 'id', label: G.positions.id, required: true, shown: v => v.to === 'id', check: t => /^\d+(-\d+)?$/.test(t) ? null : S.idHint},
                 {name: 'time', label: G.positions.time, value: toInput(Date.now() - 3600e3), shown: v => v.to === 'time', hint: S.momentHint, check: t => Number.isNaN(fromInput(t)) ? S.wrongMoment : null}],
        live(v, draw) {
            if (isWhole(v)) ask(v, draw);
            return h('p', {role: 'status'}, isWhole(v) ? state.text : '');
        },
        commands: v => command('XGROUP', 'SETID', g.key, g.group, idOf(v)),
        run: v => api.put(`${g.path}/position`, body(v)), result: a => G.positionSet(a.unread),
    };
}
