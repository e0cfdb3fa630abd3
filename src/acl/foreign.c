#include "acl/foreign.h"

/* Separated by blanks, with a blank at both ends. */
static const char commands[] =
    /* of the server itself */
    " asking cluster failover hotkeys migrate module pfselftest post host: psync readonly "
    "readwrite "
    "replconf replicaof restore-asking role slaveof substr sync gcra himport sflush trimslots "
    "sunioncard sdiffcard "
    "cluster|addslots cluster|addslotsrange cluster|bumpepoch cluster|count-failure-reports "
    "cluster|countkeysinslot cluster|delslots cluster|delslotsrange cluster|failover "
    "cluster|flushslots cluster|forget cluster|getkeysinslot cluster|help cluster|info "
    "cluster|keyslot cluster|links cluster|meet cluster|migration cluster|myid cluster|myshardid "
    "cluster|nodes cluster|replicas cluster|replicate cluster|reset cluster|saveconfig "
    "cluster|set-config-epoch cluster|setslot cluster|shards cluster|slaves cluster|slot-stats "
    "cluster|slots cluster|syncslots "
    "module|help module|list module|load module|loadex module|unload "
    "hotkeys|get hotkeys|help hotkeys|reset hotkeys|start hotkeys|stop "
    "client|no-touch client|setinfo memory|slab script|debug "
    /* arrays and vector sets */
    "arcount ardel ardelrange arget argetrange argrep arinfo arinsert arlastitems arlen armget "
    "armset "
    "arnext arop arring arscan arseek arset "
    "vadd vcard vdim vemb vgetattr vinfo vismember vlinks vrandmember vrange vrem vsetattr vsim "
    /* documents and search */
    "json.arrappend json.arrindex json.arrinsert json.arrlen json.arrpop json.arrtrim json.clear "
    "json.debug json.del json.forget json.get json.merge json.mget json.mset json.numincrby "
    "json.nummultby json.numpowby json.objkeys json.objlen json.resp json.set json.strappend "
    "json.strlen json.toggle json.type "
    "ft._list ft._aliasaddifnx ft._aliasdelifx ft._alterifnx ft._createifnx ft._dropifx "
    "ft._dropindexifx ft.add ft.aggregate ft.aliasadd ft.aliasdel ft.aliaslist ft.aliasupdate "
    "ft.alter ft.config ft.create ft.cursor ft.debug ft.del ft.dictadd ft.dictdel ft.dictdump "
    "ft.drop "
    "ft.dropindex ft.explain ft.explaincli ft.get ft.hybrid ft.info ft.mget ft.profile ft.safeadd "
    "ft.search ft.spellcheck ft.sugadd ft.sugdel ft.sugget ft.suglen ft.synadd ft.syndump "
    "ft.synforceupdate ft.synupdate ft.tagvals search.clusterinfo search.clusterrefresh "
    "search.clusterset "
    /* time series */
    "ts.add ts.alter ts.create ts.createrule ts.decrby ts.del ts.deleterule ts.get ts.incrby "
    "ts.info "
    "ts.madd ts.mget ts.mrange ts.mrevrange ts.nrange ts.nrevrange ts.queryindex ts.querylabels "
    "ts.range ts.read ts.revrange timeseries.clusterset timeseries.clustersetfromshard "
    "timeseries.hello timeseries.infocluster timeseries.innercommunication timeseries.networktest "
    "timeseries.refreshcluster "
    /* filters and sketches */
    "bf.add bf.card bf.debug bf.exists bf.info bf.insert bf.loadchunk bf.madd bf.mexists "
    "bf.reserve "
    "bf.scandump "
    "cf.add cf.addnx cf.compact cf.count cf.debug cf.del cf.exists cf.info cf.insert cf.insertnx "
    "cf.loadchunk cf.mexists cf.reserve cf.scandump "
    "cms.incrby cms.info cms.initbydim cms.initbyprob cms.merge cms.query "
    "topk.add topk.count topk.incrby topk.info topk.list topk.query topk.reserve "
    "tdigest.add tdigest.byrank tdigest.byrevrank tdigest.cdf tdigest.create tdigest.info "
    "tdigest.max "
    "tdigest.merge tdigest.min tdigest.quantile tdigest.rank tdigest.reset tdigest.revrank "
    "tdigest.trimmed_mean "
    /* graphs and triggers, of Redis Stack 6.2 */
    "graph.bulk graph.config graph.constraint graph.debug graph.delete graph.effect graph.explain "
    "graph.list graph.profile graph.query graph.ro_query graph.slowlog tfcall tfcallasync "
    "tfunction "
    "rg.abortexecution rg.configget rg.configset rg.dropexecution rg.dumpexecutions "
    "rg.dumpregistrations rg.getexecution rg.getresults rg.getresultsblocking rg.infocluster "
    "rg.pydumpreqs rg.pyexecute rg.pystats rg.refreshcluster rg.trigger rg.unregister ";

static const char categories[] = " array bloom cms cuckoo graph json search rate_limit tdigest "
                                 "timeseries topk vectorset ";

static bool holds(const char *list, size_t n, struct bytes word)
{
    if (word.n == 0 || memchr(word.p, ' ', word.n))
        return false;
    for (const char *p = list; (p = memmem(p, n - (size_t)(p - list), word.p, word.n)); p++)
        if (p[-1] == ' ' && p[word.n] == ' ')
            return true;
    return false;
}

bool foreign_command(struct bytes word)
{
    const char *bar = word.n ? memchr(word.p, '|', word.n) : NULL;
    if (holds(commands, sizeof(commands) - 1, word))
        return true;
    /* Any subcommand of a container whose subcommands are not listed. */
    char part[64];
    size_t n = bar ? (size_t)(bar - word.p) : 0;
    if (!bar || n == 0 || n + 3 > sizeof(part))
        return false;
    part[0] = ' ';
    memcpy(part + 1, word.p, n + 1);
    return holds(commands, sizeof(commands) - 1, bytes_of(word.p, n)) &&
           !memmem(commands, sizeof(commands) - 1, part, n + 2);
}

bool foreign_category(struct bytes name)
{
    return holds(categories, sizeof(categories) - 1, name);
}
