/* Confirmation: who may write and answer when the primary changes (min-replicas-to-ack 1, three servers).
 *
 * A model in Promela, checked by spin: `make models`. README.md beside this file says how to run it, what
 * was found, and which rule fails in which way when it is left out.
 *
 * What is kept of a server: the bytes of its stream, as a short array of entries, and what confirmation
 * knows. An entry is one byte of this model: the ID that wrote it and whether it is a client's write (else
 * it is the PING that a confirmation puts first, or the word that makes a replica whole). An entry's place in the array is its offset.
 *
 * What is not there, and why that leaves nothing out:
 *   Freezing, delays, slow links. Every step below may be taken arbitrarily late, so they are in every run.
 *   Partitions. A link may be cut between any two steps, and nothing obliges a server to ask again.
 *   A crash without a restart. That is a server that takes no step any more.
 *   ACKs in flight. What a replica holds is what it has acknowledged: an ACK that is sent and not seen is
 *     one that the primary acts upon later, and here it may always act later. An ACK that outlives its link
 *     is `late`. An answer to a client depends on nothing later and changes nothing here, so it is
 *     given at the first moment at which it may be given: the worst case.
 *   A full synchronisation that takes time. Until it is whole the replica has the former data, as if it had
 *     not asked; its question and the exchange of its data are therefore one step. The promise that comes with
 *     the answer is taken in the same step, too: what happens in between either closes the link or does not
 *     touch this replica.
 *   Full copies where the missing bytes would do. They end where the bytes would have ended.
 *   Families. There is one. Expiry, eviction, the append-only file: what a start finds is any beginning of
 *     what the server had.
 *
 * Each step is a d_step: it is deterministic once it is chosen, touches what one server may touch in one
 * turn (or, as said above, what commutes with everything in between), and has no step of others inside.
 *
 * Switches: the sizes below; WITHOUT_X leaves rule X out (README.md); FRESH begins with three servers that have
 * nothing, CUT with a start of all three, none of which is whole; WITNESS_IS_WHOLE demands of the witness that it
 * is whole, as the specification does; SORTED takes states that differ only in who
 * is who for one; REACHED=g makes it an error that all is spent and acknowledged and a primary of generation g
 * answers; SHORTEST and SHOWN are for printing a run.
 */

#ifndef WRITES
#define WRITES 1        /* by clients */
#endif
#ifndef PROMOTIONS
#define PROMOTIONS 2    /* REPLICAOF NO ONE */
#endif
#ifndef LOSSES
#define LOSSES 1        /* restarts: with all data, without some of the tail, without anything */
#endif
#ifndef STARTS
#define STARTS 0        /* further restarts, all with all data */
#endif
#ifndef FAILOVERS
#define FAILOVERS 0     /* the command */
#endif
#ifndef SILENCES
#define SILENCES 0      /* of repl-timeout: the rules for two servers act */
#endif
#ifndef MAXGEN
#define MAXGEN 5        /* generations beyond are not looked at; at most 7 */
#endif
#if defined(FRESH) || defined(CUT)
#define BEGUN 2         /* nobody is whole: so many have to become it */
#else
#define BEGUN 0
#endif
#ifndef WORDS
#define WORDS (BEGUN + LOSSES + STARTS) /* that make a replica whole */
#endif
#define LEN (MAXGEN + WRITES + WORDS)
#define SERVERS 3

/* An ID: its generation and a number that no other ID of that generation has which anybody still knows. The
 * number stands for the random digits: a maker that has forgotten everything makes another ID of the same
 * generation. An entry is an ID, + 1 for a write, + WORD(n) for the word that makes server n whole. */
#define NUMBERS 4
#define MAKE(gen, number) (((gen) << 3) | ((number) << 1))
#define ID(entry)       ((entry) & 62)
#define GEN(id)         ((id) >> 3)
#define NONE 0
#define WORD(n)         (((n) + 1) << 6)

/* Roles. An unconfirmed primary proposes an ID, a confirmed one writes under it: `own`. */
#define REPLICA 0
#define UNCONFIRMED 1
#define CONFIRMED 2

#define FIRST 8  /* MAKE(1, 0) */
#define SECOND 16

/* Usually all begin in step behind server 0, which was confirmed with the first generation. FRESH: nobody has
 * anything, server 0 has proposed the first ID. CUT: all have been started again, server 0 has proposed the second. */
#ifdef FRESH
#define BEGINS(usual, fresh, cut) fresh
#elif defined(CUT)
#define BEGINS(usual, fresh, cut) cut
#else
#define BEGINS(usual, fresh, cut) usual
#endif
byte data[SERVERS * LEN] = FIRST;  /* behind the end as well */
byte size[SERVERS] = BEGINS(1, 0, 1);
byte role[SERVERS] = { BEGINS(CONFIRMED, UNCONFIRMED, UNCONFIRMED), REPLICA, REPLICA };
byte primary[SERVERS] = 0;  /* whose link is up, or is the target of FAILOVER; else 0 */
bool linked[SERVERS] = { false, BEGINS(true, false, false), BEGINS(true, false, false) };  /* a replica's link is up: in the stream */
bool whole[SERVERS] = BEGINS(true, false, false);
byte promise[SERVERS] = { BEGINS(FIRST, FIRST, SECOND), BEGINS(FIRST, NONE, NONE), BEGINS(FIRST, NONE, NONE) };
byte own[SERVERS] = { BEGINS(FIRST, FIRST, SECOND), NONE, NONE };
byte seen[SERVERS] = { BEGINS(1, 1, 2), BEGINS(1, 0, 1), BEGINS(1, 0, 1) };     /* greatest generation it knows of */
byte fetching[SERVERS];     /* from whom, + 1 */
bool handing[SERVERS];      /* FAILOVER has made a replica of it, the target does not know yet */
byte due[SERVERS * SERVERS]; /* [p, r]: what p waits for before it makes r whole, see come() */
#ifdef WITHOUT_BEHIND
byte ack[SERVERS * SERVERS]; /* [p, r]: that r sent on a link which it has left and p believes to be up */
#endif
byte late[SERVERS * SERVERS]; /* [p, r]: an ACK of all p has, with the promise, sent by r on a link that r has left; 2: whole */

byte words;                 /* said */
byte writes, promotions, restarts, starts, failovers, silences;
byte where[WRITES], what[WRITES];  /* of each write: its offset and entry */
byte acked;                 /* bits: a client may have been answered, or have read it */
bool beyond;                /* MAXGEN is passed: this run is followed no further */
#ifdef SHORTEST             /* search by breadth knows no hidden variables */
#define hidden
#endif
hidden byte i, j, k, b, peer;  /* within steps only */

#define AT(n, pos)      data[(pos) * SERVERS + (n)]
#define LAST(n)         ((size[n] -> ID(AT(n, size[n] - 1)) : NONE))

#ifdef WITHOUT_STEPS
byte claim[SERVERS] = FIRST; /* the ID that it says its last byte has */
#define CLAIM(n)        claim[n]
#else
#define CLAIM(n)        LAST(n)
#endif

/* Whether r, as it presents itself, has more than p. No data is generation 0: less than everything. */
#ifdef WITHOUT_GENERATION
#define AHEAD(r, p)     (size[r] > size[p])
#else
#define AHEAD(r, p)     (GEN(CLAIM(r)) > GEN(CLAIM(p)) || (GEN(CLAIM(r)) == GEN(CLAIM(p)) && size[r] > size[p]))
#endif

/* Whether p continues r's stream instead of copying everything. */
#define CONTINUES(r, p) (size[r] > 0 && size[r] <= size[p] && (ID(AT(p, size[r] - 1)) == CLAIM(r) || (size[p] && CLAIM(r) == CLAIM(p))))

/* r holds p's history as far as the promise asks: all that an unconfirmed primary has, of a confirmed one
 * all in front of its ID. */
#define HOLDS(r, p)     (size[r] == size[p] || (size[r] < size[p] && ID(AT(p, size[r])) == own[p]))
#define ATTACHED(r, p)  (r != p && linked[r] && primary[r] == p && role[r] == REPLICA)
#define AGREES(r, p)    (ATTACHED(r, p) && PROMISED(r, p) && size[r] == size[p])
#ifdef WITHOUT_EXACT
#undef AGREES
#define AGREES(r, p)    (ATTACHED(r, p))
#endif
#ifdef WITHOUT_PROMISE
#define PROMISED(r, p)  true
#else
#define PROMISED(r, p)  (promise[r] == own[p])
#endif

#define NEXT(n)         ((n + 1) % SERVERS)
#define PREV(n)         ((n + 2) % SERVERS)
#define MOST(x, y)      x = ((y) > x -> (y) : x)

/* p closes the links of its replicas. */
inline close_links(p) {
    for (i : 0 .. SERVERS - 1) {
        late[p * SERVERS + i] = 0;
        due[p * SERVERS + i] = 0;
#ifdef WITHOUT_BEHIND
        ack[p * SERVERS + i] = 0;
#endif
        if
        :: ATTACHED(i, p) -> linked[i] = false; primary[i] = 0
        :: else
        fi
    }
}

/* WITNESS. A replica r that is not whole has come to p, which is confirmed. The place that r and the other one have to
 * acknowledge is behind all that p has then, so that both have been there since (BEHIND). The byte that makes
 * this so is not in the model: an ACK is heard of who is attached now or later. p may say the word once it has
 * heard both, however long ago, and may take r's link for one that is up long after r has left it. */
#define DUE(p, r)       due[(p) * SERVERS + (r)]
#define OWN_ACK 1       /* heard */
#define OTHERS_ACK 2
#define READY 3         /* both, and the place matters no more; else it is in the bits above, + 1 */
#define PLACE(p, r)     ((DUE(p, r) >> 2) - 1)
#ifdef WITNESS_IS_WHOLE
#define IS_WITNESS(r)   whole[r]
#else
#define IS_WITNESS(r)   true
#endif
inline come(p, r) {
    DUE(p, r) = ((role[p] == CONFIRMED && !whole[r]) -> ((size[p] + 1) << 2) : 0);
#ifdef WITHOUT_WITNESS
    DUE(p, r) = (DUE(p, r) -> DUE(p, r) | OTHERS_ACK : 0);
#endif
#ifdef WITHOUT_BEHIND
    for (i : 0 .. SERVERS - 1) {
        DUE(p, r) = ((DUE(p, r) && ack[p * SERVERS + i] >= size[p]) -> DUE(p, r) | OTHERS_ACK : DUE(p, r))
    }
#endif
}

/* p hears where its replicas are. */
inline hear_acks(p) {
    for (i : 0 .. SERVERS - 1) {
        for (j : 0 .. SERVERS - 1) {
            if
            :: DUE(p, i) > READY && ATTACHED(j, p) && size[j] >= PLACE(p, i) && (i == j || IS_WITNESS(j)) ->
                DUE(p, i) = DUE(p, i) | (i == j -> OWN_ACK : OTHERS_ACK);
                DUE(p, i) = ((DUE(p, i) & READY) == READY -> READY : DUE(p, i))
            :: else
            fi
        }
    }
}

/* r gives its link up; what it has acknowledged may still arrive. */
inline leave(r) {
    if
    :: linked[r] && role[primary[r]] == UNCONFIRMED && AGREES(r, primary[r]) -> late[primary[r] * SERVERS + r] = 1 + whole[r]
    :: else
    fi
    if
    :: linked[r] ->
        DUE(primary[r], r) = (DUE(primary[r], r) & OWN_ACK -> DUE(primary[r], r) : 0);
#ifdef WITHOUT_BEHIND
        ack[primary[r] * SERVERS + r] = (role[primary[r]] == CONFIRMED -> size[r] : 0);
#endif
    :: else
    fi
    linked[r] = false;
    primary[r] = 0
}

/* n proposes an ID of a generation above all it knows of, that is new. Links and former promises end. */
inline propose(n) {
    fetching[n] = 0;
    close_links(n);
    if
    :: seen[n] == MAXGEN -> beyond = true
    :: else ->
        seen[n]++;
        own[n] = NONE;
        for (i : 0 .. NUMBERS - 1) {
            b = false;
            for (j : 0 .. SERVERS * LEN - 1) { b = b | (ID(data[j]) == MAKE(seen[n], i)) }
            for (j : 0 .. SERVERS - 1) { b = b | (promise[j] == MAKE(seen[n], i)) | (own[j] == MAKE(seen[n], i)) | (CLAIM(j) == MAKE(seen[n], i)) }
            for (j : 0 .. WRITES - 1) { b = b | (ID(what[j]) == MAKE(seen[n], i)) }
            if
            :: !b && own[n] == NONE -> own[n] = MAKE(seen[n], i)
            :: else
            fi
        }
        assert(own[n] != NONE);
#ifndef WITHOUT_OWN_PROMISE
        promise[n] = own[n]
#endif
    fi
}

inline unseat(n) {
    role[n] = UNCONFIRMED;
    primary[n] = 0;
    propose(n)
}

inline append(n, entry) {
    AT(n, size[n]) = entry;
    size[n]++
}

/* From another's stream: the word that makes n whole is part of it. */
inline take(n, entry) {
    if
    :: (entry & 192) == WORD(n) -> whole[n] = true
    :: else
    fi
    append(n, entry)
}

inline say_word(p, r) {
    words++;
    DUE(p, r) = 0;
    append(p, own[p] | WORD(r));
#ifdef WITHOUT_STEPS
    claim[p] = own[p];
#endif
}

/* Words name a run of a process: who has restarted is not meant. All that is left of them is a byte. */
inline void_words(n) {
    for (i : 0 .. SERVERS - 1) { DUE(i, n) = 0 }
    for (i : 0 .. SERVERS * LEN - 1) { data[i] = ((data[i] & 192) == WORD(n) -> data[i] & 63 : data[i]) }
}

inline keep(n, upto) {
    for (i : 0 .. LEN - 1) {
        if
        :: i >= upto -> AT(n, i) = FIRST
        :: else
        fi
    }
    size[n] = upto
}

inline copy(from, to) {
    for (i : 0 .. LEN - 1) { AT(to, i) = AT(from, i) }
    size[to] = size[from];
#ifdef WITHOUT_STEPS
    claim[to] = claim[from];
#endif
    close_links(to)
}

/* Whoever continues another's stream must have its beginning: an ID has one writer. */
inline assert_prefix(r, p) {
    for (i : 0 .. LEN - 1) {
        assert(i >= size[r] || AT(r, i) == AT(p, i))
    }
}

#define IN(n, w)        (where[w] < size[n] && AT(n, where[w]) == what[w])

/* p has every write that was acknowledged. */
inline assert_complete(p) {
    for (k : 0 .. WRITES - 1) {
        assert((acked & (1 << k)) == 0 || IN(p, k))
    }
}

/* The gate: what confirmed primaries may release now, and the property: whoever may release anything holds
 * all that anybody has released. */
#if defined(WITHOUT_PING) || defined(WITHOUT_COVER)
#define RELEASES(r, p)  (role[p] == CONFIRMED && ATTACHED(r, p) && whole[r] && HOLDS(r, p))
#else
#define RELEASES(r, p)  (role[p] == CONFIRMED && ATTACHED(r, p) && whole[r] && LAST(r) == own[p])
#endif
inline release() {
    for (i : 0 .. SERVERS - 1) {
        for (j : 0 .. SERVERS - 1) {
            if
            :: RELEASES(j, i) ->
                for (k : 0 .. WRITES - 1) {
                    if
                    :: k < writes && where[k] < size[j] && IN(i, k) -> acked = acked | (1 << k)
                    :: else
                    fi
                }
            :: else
            fi
        }
    }
    for (i : 0 .. SERVERS - 1) {
        b = false;
        for (j : 0 .. SERVERS - 1) { b = b | RELEASES(j, i) }
        if
        :: b ->
#ifdef REACHED
            assert(!(acked == (1 << WRITES) - 1 && GEN(own[i]) >= REACHED && promotions == PROMOTIONS && restarts == LOSSES && starts == STARTS && failovers == FAILOVERS));
#endif
            assert_complete(i)
        :: else
        fi
    }
}

/* r has got something from its primary: the promise, if it is due, then the ACK. */
inline settle(r) {
    if
    :: role[primary[r]] != REPLICA && HOLDS(r, primary[r]) ->
#ifndef WITHOUT_PROMISE
        promise[r] = own[primary[r]];
#endif
        MOST(seen[r], GEN(own[primary[r]]))
    :: else
    fi
    hear_acks(primary[r]);
    release()
}

/* Whether p must propose anew: r has promised another ID of no lower generation, or it has bytes of a
 * greater one than p writes under. */
#define OTHER(id, p)    ((id) != own[p] && GEN(id) >= GEN(own[p]))
#ifdef WITHOUT_UNSEATING
#define UNSEATS(r, p)   (role[p] == UNCONFIRMED && OTHER(promise[r], p))
#elif defined(WITHOUT_BYTES)
#define UNSEATS(r, p)   OTHER(promise[r], p)
#else
#define UNSEATS(r, p)   (OTHER(promise[r], p) || (role[p] == CONFIRMED && OTHER(CLAIM(r), p)))
#endif

/* r, a replica, asks p, a primary. */
inline ask(r, p) {
    MOST(seen[p], GEN(promise[r]));
#ifndef WITHOUT_ASKED
    MOST(seen[p], GEN(CLAIM(r)));
#endif
    if
    :: UNSEATS(r, p) -> unseat(p)
    :: else ->
        if
#ifndef WITHOUT_FETCH
        :: role[p] == UNCONFIRMED && AHEAD(r, p) -> fetching[p] = r + 1
#endif
        :: else -> attach(r, p)
        fi
    fi
}

/* r is served by p. */
inline attach(r, p) {
    late[p * SERVERS + r] = 0;
    if
    :: CONTINUES(r, p) ->
        assert_prefix(r, p);
#ifdef WITHOUT_STEPS
        claim[r] = claim[p];
#endif
    :: else -> copy(p, r)
    fi
    linked[r] = true;
    primary[r] = p;
    come(p, r);
    settle(r)
}

/* p takes from r what it lacks: `all`, or one entry and then the connection breaks. */
inline fetch(p, r, all) {
    if
    :: CONTINUES(p, r) ->
        assert_prefix(p, r);
#ifdef WITHOUT_STEPS
        claim[p] = claim[r];
#endif
        do
        :: size[p] < size[r] ->
            take(p, AT(r, size[p]));
            if
            :: all
            :: else -> break
            fi
        :: else -> break
        od
    :: else -> copy(r, p)
    fi
    MOST(seen[p], GEN(CLAIM(r)));
#ifdef WITHOUT_ANEW
    fetching[p] = 0;
    close_links(p)
#else
    propose(p)
#endif
}

#define COUNT(r, p)     ((AGREES(r, p) && whole[r]) || late[p * SERVERS + r] == 2)
#define THERE(r, p)     (AGREES(r, p) || late[p * SERVERS + r] > 0)
#define WHOLES(p)       (whole[p] + COUNT(NEXT(p), p) + COUNT(PREV(p), p))
#define REPLICAS(p)     (THERE(NEXT(p), p) + THERE(PREV(p), p))
#ifdef READ_AS_WHOLE_ALONE
#define ALONE_WITH_ONE(p) (WHOLES(p) == 1)
#else
#define ALONE_WITH_ONE(p) (REPLICAS(p) == 1 && (THERE(NEXT(p), p) || !ATTACHED(NEXT(p), p)) && (THERE(PREV(p), p) || !ATTACHED(PREV(p), p)))
#endif
#define LATE(p)         (late[p * SERVERS + NEXT(p)] || late[p * SERVERS + PREV(p)])

inline confirm(p) {
    if
    :: !LATE(p) -> assert_complete(p)
    :: else /* it may be one that others have left; it will release nothing */
    fi
    role[p] = CONFIRMED;
    whole[p] = true;
#ifdef WITHOUT_PING
    for (k : 0 .. WRITES - 1) {
        if
        :: IN(p, k) && k < writes -> acked = acked | (1 << k)
        :: else
        fi
    }
#else
    append(p, own[p]);
#ifdef WITHOUT_STEPS
    claim[p] = own[p];
#endif
#endif
    close_links(p)
}

/* The start finds `upto` entries. What was only in memory is gone. */
inline restart(n, upto) {
    leave(n);
    close_links(n);
    keep(n, upto);
    promise[n] = NONE;
    fetching[n] = 0;
    void_words(n);
#ifndef WITHOUT_WHOLE
    whole[n] = false;
#endif
    seen[n] = GEN(LAST(n)); /* generations only grow along a history */
#ifdef WITHOUT_STEPS
    if
    :: upto == 0 -> claim[n] = NONE
    :: else
    fi
    MOST(seen[n], GEN(claim[n]));
#endif
    if
    :: role[n] != REPLICA || handing[n] -> handing[n] = false; unseat(n)
    :: else
    fi
}

/* A primary becomes a replica; whose, is seen when it asks somebody. */
inline demote(n) {
    close_links(n);
    role[n] = REPLICA;
    own[n] = NONE;
    fetching[n] = 0
}

/* REPLICAOF NO ONE. */
inline promote(n) {
    leave(n);
    unseat(n)
}

/* Whom a replica may ask: a primary that is not fetching, or another replica in the stream. Of that it gets
 * data and no promise. */
#define IDLE(r)         (role[r] == REPLICA && !linked[r] && !handing[r])
#define JUDGES(p)       (role[p] != REPLICA && !fetching[p])
#ifdef WITHOUT_REFUSAL
#define PASSES_ON(r, p) (role[p] == REPLICA && linked[p])
#else
#define PASSES_ON(r, p) (role[p] == REPLICA && linked[p] && !AHEAD(r, p))
#endif

#define GO (!beyond)


#ifdef SORTED
/* The three servers are alike: states that differ only in who is who are one. Sorted by most of what is known
 * of them; where that is equal, a state may be kept twice. */
#define KEY(n) (((((((((size[n] * 4 + role[n]) * 64 + promise[n]) * 64 + own[n]) * 2 + linked[n]) * 2 + whole[n]) * 2 + handing[n]) * 8 + seen[n]) * 4) + (fetching[n] > 0))
#define SWAP(x, y) k = x; x = y; y = k
inline swap(m, n, o) {
    for (i : 0 .. LEN - 1) { SWAP(AT(m, i), AT(n, i)) }
    for (i : 0 .. SERVERS * LEN - 1) {
        data[i] = ((data[i] & 192) == WORD(m) -> (data[i] & 63) | WORD(n) : ((data[i] & 192) == WORD(n) -> (data[i] & 63) | WORD(m) : data[i]))
    }
    SWAP(size[m], size[n]);
    SWAP(role[m], role[n]);
    SWAP(primary[m], primary[n]);
    SWAP(linked[m], linked[n]);
    SWAP(whole[m], whole[n]);
    SWAP(promise[m], promise[n]);
    SWAP(own[m], own[n]);
    SWAP(seen[m], seen[n]);
    SWAP(fetching[m], fetching[n]);
    SWAP(handing[m], handing[n]);
    SWAP(late[m * SERVERS + n], late[n * SERVERS + m]);
    SWAP(late[m * SERVERS + o], late[n * SERVERS + o]);
    SWAP(late[o * SERVERS + m], late[o * SERVERS + n]);
    SWAP(DUE(m, n), DUE(n, m));
    SWAP(DUE(m, o), DUE(n, o));
    SWAP(DUE(o, m), DUE(o, n));
#ifdef WITHOUT_BEHIND
    SWAP(ack[m * SERVERS + m], ack[n * SERVERS + n]);
    SWAP(ack[m * SERVERS + n], ack[n * SERVERS + m]);
    SWAP(ack[m * SERVERS + o], ack[n * SERVERS + o]);
    SWAP(ack[o * SERVERS + m], ack[o * SERVERS + n]);
#endif
#ifdef WITHOUT_STEPS
    SWAP(claim[m], claim[n]);
#endif
    for (i : 0 .. SERVERS - 1) {
        if
        :: !linked[i] && !handing[i]
        :: else ->
            if
            :: primary[i] == m -> primary[i] = n
            :: primary[i] == n -> primary[i] = m
            :: else
            fi
        fi;
        if
        :: fetching[i] == m + 1 -> fetching[i] = n + 1
        :: fetching[i] == n + 1 -> fetching[i] = m + 1
        :: else
        fi
    }
}
inline sort() {
    if
    :: KEY(0) < KEY(1) -> swap(0, 1, 2)
    :: else
    fi;
    if
    :: KEY(1) < KEY(2) -> swap(1, 2, 0)
    :: else
    fi;
    if
    :: KEY(0) < KEY(1) -> swap(0, 1, 2)
    :: else
    fi
}
#endif

#ifdef SHOWN
inline tell() {
    for (i : 0 .. SERVERS - 1) {
        printf("%d: role %d to %d linked %d whole %d promise %d own %d seen %d fetching %d handing %d late %d%d%d acked %d data", i, role[i], primary[i], linked[i], whole[i], promise[i],
            own[i], seen[i], fetching[i], handing[i], late[i * SERVERS], late[i * SERVERS + 1], late[i * SERVERS + 2], acked);
        for (j : 0 .. LEN - 1) {
            if
            :: j < size[i] -> printf(" %d", AT(i, j))
            :: else
            fi
        }
        printf("\n")
    }
}
#endif

#define ME _pid
#ifdef WITHOUT_LOOKING_AGAIN
#define FETCH_HELPS     true
#else
#define FETCH_HELPS     AHEAD(fetching[ME] - 1, ME)
#endif
#define FETCH_LEFT      (CONTINUES(ME, fetching[ME] - 1) && size[ME] + 1 < size[fetching[ME] - 1])

#define LOSE_LAST(n)    :: d_step { GO && restarts < LOSSES && size[ME] > n -> restarts++; restart(ME, size[ME] - n); skip }

active [SERVERS] proctype server() {
    do
    :: atomic {
        if
        /* A client's write. */
        :: d_step { GO && role[ME] == CONFIRMED && writes < WRITES ->
            where[writes] = size[ME];
            what[writes] = own[ME] + 1;
            append(ME, own[ME] + 1);
#ifdef WITHOUT_STEPS
            claim[ME] = own[ME];
#endif
            writes++ }

        /* A replica's link. Sentinel may tell it another primary at any time: so it may ask whom it likes. */
        :: d_step { GO && IDLE(ME) && JUDGES(NEXT(ME)) -> ask(ME, NEXT(ME)); skip }
        :: d_step { GO && IDLE(ME) && JUDGES(PREV(ME)) -> ask(ME, PREV(ME)); skip }
        :: d_step { GO && IDLE(ME) && PASSES_ON(ME, NEXT(ME)) -> attach(ME, NEXT(ME)); skip }
        :: d_step { GO && IDLE(ME) && PASSES_ON(ME, PREV(ME)) -> attach(ME, PREV(ME)); skip }
        :: d_step { GO && linked[ME] && size[ME] < size[primary[ME]] ->
            take(ME, AT(primary[ME], size[ME]));
            settle(ME);
            skip }
        :: d_step { GO && linked[ME] -> leave(ME) }

        /* Confirmation. */
        :: d_step { GO && fetching[ME] && FETCH_HELPS -> peer = fetching[ME] - 1; fetch(ME, peer, true); skip }
        :: d_step { GO && fetching[ME] && FETCH_LEFT -> peer = fetching[ME] - 1; fetch(ME, peer, false); skip }
        :: d_step { GO && fetching[ME] -> fetching[ME] = 0 }
#ifdef WITHOUT_QUORUM
        :: d_step { GO && role[ME] == UNCONFIRMED && !fetching[ME] -> confirm(ME); skip }
#else
        :: d_step { GO && role[ME] == UNCONFIRMED && !fetching[ME] && (WHOLES(ME) >= 2 || REPLICAS(ME) >= 2) -> confirm(ME); skip }
#endif
        :: d_step { GO && role[ME] == UNCONFIRMED && !fetching[ME] && ALONE_WITH_ONE(ME) && silences < SILENCES -> silences++; confirm(ME); skip }

        /* Whole again: it is when it has got to the word. */
        :: d_step { GO && role[ME] == CONFIRMED && words < WORDS && DUE(ME, NEXT(ME)) == READY -> say_word(ME, NEXT(ME)); skip }
        :: d_step { GO && role[ME] == CONFIRMED && words < WORDS && DUE(ME, PREV(ME)) == READY -> say_word(ME, PREV(ME)); skip }
        :: d_step { GO && linked[ME] && !whole[ME] && words < WORDS && role[primary[ME]] == CONFIRMED && size[ME] == size[primary[ME]] &&
                    !ATTACHED(NEXT(ME), primary[ME]) && !ATTACHED(PREV(ME), primary[ME]) && silences < SILENCES ->
            silences++; peer = primary[ME]; say_word(peer, ME); skip }

        /* Sentinel, and whoever else gives orders. */
        :: d_step { GO && role[ME] == REPLICA && !handing[ME] && promotions < PROMOTIONS -> promotions++; promote(ME); skip }
        :: d_step { GO && role[ME] != REPLICA -> demote(ME) }

        /* FAILOVER: the target may be behind (FORCE). Refused, or ABORT, is the last. */
        :: d_step { GO && failovers < FAILOVERS && role[ME] != REPLICA && ATTACHED(NEXT(ME), ME) ->
            failovers++; demote(ME); handing[ME] = true; primary[ME] = NEXT(ME) }
        :: d_step { GO && failovers < FAILOVERS && role[ME] != REPLICA && ATTACHED(PREV(ME), ME) ->
            failovers++; demote(ME); handing[ME] = true; primary[ME] = PREV(ME) }
        :: d_step { GO && handing[ME] && role[primary[ME]] == REPLICA && !handing[primary[ME]] && CLAIM(primary[ME]) == CLAIM(ME) ->
            peer = primary[ME]; handing[ME] = false; primary[ME] = 0; promote(peer); skip }
        :: d_step { GO && handing[ME] -> handing[ME] = false; unseat(ME); skip }

        /* Faults. */
        :: d_step { GO && starts < STARTS -> starts++; restart(ME, size[ME]); skip }
        :: d_step { GO && restarts < LOSSES -> restarts++; restart(ME, size[ME]); skip }
        :: d_step { GO && restarts < LOSSES && size[ME] > 0 -> restarts++; restart(ME, 0); skip }
        LOSE_LAST(1)
        LOSE_LAST(2)
        LOSE_LAST(3)
        LOSE_LAST(4)
        fi;
#ifdef SORTED
        d_step { sort(); skip }
#endif
#ifdef SHORTEST
        d_step { i = 0; j = 0; k = 0; b = 0; peer = 0 }
#endif
#ifdef SHOWN
        d_step { tell(); skip }
#endif
    }
    od
}
