"""For tests of packages and images: commands that have to succeed, and a process apart from the machine (network, mounts, another root).
Needs root."""
import ctypes, fcntl, os, signal, socket, struct, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, expect  # noqa: E402

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 1 << 14, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, CAPABILITIES = 24, 38, 64


def run(*command, **how):
    p = subprocess.run(command, text=True, **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **how})
    if p.returncode:
        raise Failed("%s: %d: %s" % (" ".join(command), p.returncode, p.stdout[-2000:]))
    return p.stdout


def call(result, what):
    if result:
        raise OSError(ctypes.get_errno(), "%s: %s" % (what, os.strerror(ctypes.get_errno())))


def own_mounts():
    """From here on this process has mounts of its own, which end with it."""
    call(libc.unshare(CLONE_NEWNS), "unshare mounts")
    call(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mounts of its own")


def own_network():
    """From here on this process has a network of its own, in which only loopback is."""
    call(libc.unshare(CLONE_NEWNET), "unshare the network")
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def cut_off():
    own_mounts()
    own_network()


def mount_proc(root):
    call(libc.mount(b"proc", os.path.join(root, "proc").encode(), b"proc", 0, None), "proc")


def bind(what, where, read_only=False):
    call(libc.mount(what.encode(), where.encode(), None, MS_BIND | MS_REC, None), "bind " + where)
    if read_only:
        call(libc.mount(None, where.encode(), None, MS_BIND | MS_REMOUNT | MS_RDONLY, None), "read-only " + where)


def unmount(where):
    call(libc.umount2(where.encode(), 2), "umount " + where)  # MNT_DETACH: with all below it


def enter(root, user, group, directory="/"):
    """For preexec_fn: another root, a user without any capability that it could ever get."""
    def before_exec():
        os.chroot(root)
        os.chdir(directory)
        for capability in range(CAPABILITIES):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    return before_exec


def ends_well(process):
    """SIGTERM, and an end with 0."""
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=120)[0]
    expect(process.returncode, 0, "the exit status after SIGTERM: %s" % said)
