dialogue "positions" {
    GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania => 2
    GEODIST g Palermo Catania => 166274.1516
    GEODIST g Palermo Catania km => 166.2742
    GEODIST g Palermo none => (nil)
    GEOHASH g Palermo none => \[sqc8b49rny0 (nil)\]
    GEOPOS g Palermo none => *13.361389338970*38.1155563954*
    GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC => \[Catania Palermo\]
    GEOSEARCH g FROMMEMBER Palermo BYBOX 100 100 km => \[Palermo\]
    GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km DESC COUNT 1 WITHDIST => *Palermo 190.4424*
    GEORADIUS g 15 37 200 km ASC COUNT 1 => \[Catania\]
    GEORADIUSBYMEMBER g Palermo 100 km => \[Palermo\]
    GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST => 2
    ZRANGE d 0 0 => \[Catania\]
    GEORADIUS g 15 37 200 km STORE e => 2
    TYPE e => zset
    GEOSEARCH g BYRADIUS 1 km FROMMEMBER none => !ERR could not decode requested zset member
    GEOADD g 181 0 x => !ERR invalid longitude,latitude pair 181.000000,0.000000
    GEOSEARCH g FROMLONLAT 1 1 ASC WITHDIST => !ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH
    GEODIST g Palermo Catania yd => !ERR unsupported unit provided. please use M, KM, FT, MI
}
