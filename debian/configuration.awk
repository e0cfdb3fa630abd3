# The package's configuration: the sample that the server prints, with the values of debian/settings.
#
#   awk -f debian/configuration.awk debian/settings SAMPLE
#
# A setting that the sample does not have ends it with an error: the two would have come apart.
FNR == NR {
    if (NF && $1 !~ /^#/) {
        value[$1] = $0
        wanted++
    }
    next
}
{
    name = $1
    sub(/^#/, "", name)
    if (name in value && NF > 1) {
        print value[name]
        delete value[name]
        done++
    } else {
        print
    }
}
END {
    for (name in value)
        print "debian/settings: the sample has no line of " name > "/dev/stderr"
    exit done != wanted
}
