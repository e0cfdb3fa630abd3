#!/usr/bin/env python3
"""Seeds for http_fuzz: requests, JSON, RESP3, bodies of the API, texts of replies. usage: http_seeds.py DIRECTORY"""
import os, sys

HTTP, JSON, ANSWER, BODY, REPLY = b"\0", b"\1", b"\2", b"\3", b"\4"
to = sys.argv[1]
os.makedirs(to, exist_ok=True)
HOST = b"Host: localhost:8379\r\n"
REQUESTS = [
    b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /api/v1/streams/0/a%2fb%00/entries?from=1-0&count=10&match=a+b%20c&max= HTTP/1.1\r\n" + HOST + b"Authorization: Bearer 00ff\r\nAccept: */*\r\n\r\n",
    b"POST /api/v1/session HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 32\r\nOrigin: http://localhost:8379\r\n\r\n"
    b'{"user":"alice","password":"pw"}GET / HTTP/1.1\r\n' + HOST + b"Connection: close\r\n\r\n",
    b"HEAD /readyz?allow=disk-failed,paused HTTP/1.0\r\nConnection: keep-alive\r\nX:\r\nY: \tz \r\n\r\n",
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"DELETE //a/..//%zz HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
]
TEXTS = [
    b'{"ids":["1-1","2-2"],"mode":"fail","delayMs":5000,"reason":"by hand","deep":[[[{"a":{"b":null}}]]]}',
    b'{"fields":[["order","9"],["blob",{"base64":"/wA="}]],"n":-1.5e-3,"t":true,"f":false,"s":"\\u00e4\\ud83d\\ude00\\n\\"\\\\"}',
    b'[0,-0,1e9,"",{},[],{"":""}]',
]
ANSWERS = [
    b"*3\r\n$5\r\nhello\r\n:42\r\n%1\r\n+k\r\n,1.5\r\n",
    b"|1\r\n+a\r\n:1\r\n~2\r\n#t\r\n_\r\n-ERR no\r\n(123456789012345678901\r\n=7\r\ntxt:abc\r\n",
    b">2\r\n$-1\r\n*-1\r\n,inf\r\n,nan\r\n*0\r\n$0\r\n\r\n",
    b"*2\r\n*2\r\n$15\r\n1795900000123-0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n*2\r\n$3\r\n2-0\r\n*0\r\n",
]
BODIES = [
    b'{"b":"x","i":5,"f":true,"w":"two","v":"EXP 1 2","l":["1-1","2-2"],"p":[["a","b"],["c",{"base64":"/wA="}]],"m":{"field":"f","value":"v"}}',
    b'{"p":{"a":"b","c":"d"},"after":"bWFpbCAwIG1haWw.","f":false,"key":"k","newest":true,"from":"5","n":7} ',
    b"b=%00a+b&i=9&f=1&w=one&l=1,2,,3&after=bWFpbCAwIG1haWw.&count=7",
]
REPLIES = [bytes([kind, most]) + text for kind in range(8) for most in (9, 20, 255) for text in (
    b"id=3 addr=127.0.0.1:5 name=a=b flags=N\nid=4 x\n", b"# Stats\r\na_b:1\r\ncmdstat_get:calls=1,usec=2.50\r\nc:x\r\n", b"\xff\x00\n\xc3\xa4\n\"\\\n")]
for kind, seeds in ((HTTP, REQUESTS), (JSON, TEXTS), (ANSWER, ANSWERS), (BODY, BODIES), (REPLY, REPLIES)):
    for i, data in enumerate(seeds):
        with open(os.path.join(to, "%d-%d" % (kind[0], i)), "wb") as f:
            f.write(kind + data)
