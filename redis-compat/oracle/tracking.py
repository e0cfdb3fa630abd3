#!/usr/bin/env python3
"""CLIENT TRACKING step by step against redis-server and against us: what each connection receives, byte for byte.

tracking.py SERVER
"""
import socket, subprocess, sys, tempfile, time
def play(port):
    class C:
        def __init__(s): s.s=socket.create_connection(("127.0.0.1",port)); s.s.settimeout(0.15)
        def ask(s,*a):
            s.s.sendall(b"*%d\r\n"%len(a)+b"".join(b"$%d\r\n%s\r\n"%(len(x),x.encode()) for x in a)); return s.read()
        def read(s):
            out=b""
            try:
                while True:
                    d=s.s.recv(65536)
                    if not d: break
                    out+=d
            except socket.timeout: pass
            return out
    log=[]
    a,b,c=C(),C(),C()
    def t(x,*args): log.append((args, x.ask(*args)))
    def r(x,n): log.append((n,x.read()))
    a.ask("HELLO","3")
    t(a,"CLIENT","TRACKING","ON"); t(a,"GET","x"); t(b,"SET","x","1"); r(a,"inv x"); t(b,"SET","x","2"); r(a,"nothing")
    t(a,"MGET","x","y"); t(b,"MSET","x","1","y","2"); r(a,"inv x y"); t(a,"GET","x"); t(a,"SET","x","3"); t(a,"GET","x"); t(b,"FLUSHALL"); r(a,"flush")
    t(a,"GET","e"); t(b,"SET","e","1","PX","30"); r(a,"inv e"); t(a,"GET","e"); time.sleep(0.3); r(a,"expired")
    t(a,"MULTI"); t(a,"GET","m"); t(a,"SET","m","1"); t(a,"EXEC"); t(b,"SET","m","2"); r(a,"multi")
    t(a,"CLIENT","TRACKING","OFF"); t(a,"CLIENT","TRACKING","ON","NOLOOP"); t(a,"GET","n"); t(a,"SET","n","1"); t(b,"SET","n","1"); r(a,"noloop")
    t(a,"CLIENT","TRACKING","OFF"); t(a,"CLIENT","TRACKING","ON","OPTIN"); t(a,"GET","o"); t(b,"SET","o","1"); r(a,"optin no"); t(a,"CLIENT","CACHING","YES"); t(a,"GET","o"); t(b,"SET","o","2"); r(a,"optin yes")
    t(a,"CLIENT","TRACKING","OFF"); t(a,"CLIENT","TRACKING","ON","OPTOUT"); t(a,"CLIENT","CACHING","NO"); t(a,"GET","p"); t(b,"SET","p","1"); r(a,"optout no"); t(a,"GET","p"); t(b,"SET","p","2"); r(a,"optout")
    t(a,"CLIENT","TRACKING","OFF"); t(a,"CLIENT","TRACKING","ON","BCAST","PREFIX","u:"); t(b,"SET","u:1","1"); r(a,"bcast"); t(b,"SET","v:1","1"); r(a,"bcast none"); t(a,"SET","u:2","1"); r(a,"own bcast"); t(b,"DEL","u:1"); r(a,"del")
    t(a,"CLIENT","TRACKING","OFF")
    # RESP2 with redirection
    cid=c.ask("CLIENT","ID")[1:-2].decode(); c.ask("SUBSCRIBE","__redis__:invalidate")
    log.append(("redir", b.ask("CLIENT","TRACKING","ON","REDIRECT",cid))); t(b,"GET","q"); t(a,"SET","q","1"); r(c,"redirected"); t(a,"FLUSHDB"); r(c,"flush redirected")
    t(b,"GET","q"); t(b,"SET","q","1"); r(c,"own")
    t(b,"RESET"); t(b,"CLIENT","TRACKINGINFO")
    return log
res=[]
for path in ("redis-server", sys.argv[1]):
    s=socket.socket(); s.bind(("127.0.0.1",0)); port=s.getsockname()[1]; s.close()
    d=tempfile.mkdtemp()
    p=subprocess.Popen([path,"--port",str(port),"--bind","127.0.0.1","--save","","--dir",d],stdout=subprocess.DEVNULL); time.sleep(0.4)
    try: res.append(play(port))
    finally: p.kill()
bad=0
for x,y in zip(*res):
    if x[1]!=y[1]: bad+=1; print("DIFF",x[0],x[1],"OURS",y[1])
print("%d steps, %d differ" % (len(res[0]), bad))
sys.exit(1 if bad or len(res[0]) != len(res[1]) else 0)
