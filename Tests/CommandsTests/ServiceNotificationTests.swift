import Foundation
import TestSupport
import Testing

/// A datagram socket that a service manager would listen on.
private final class NotifySocket: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < 108)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0, "bind \(path): \(String(cString: strerror(errno)))")
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The next message; nil if none comes within a minute, or within the given time.
    func receive(milliseconds: Int32 = 60_000) -> String? {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, milliseconds) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// Reads on until a message that begins so; returns it and those before it.
    func receive(until prefix: String) throws -> (message: String, before: [String]) {
        var before: [String] = []
        while let message = receive() {
            if message.hasPrefix(prefix) { return (message, before) }
            before.append(message)
        }
        Issue.record("no \(prefix) within a minute, only \(before)")
        throw CancellationError()
    }
}

/// The built program, told by `$NOTIFY_SOCKET` that a service manager listens.
private final class NotifyBench {
    let space: Workspace
    let socket: NotifySocket
    let process = Process()

    init(environment: [String: String] = [:]) throws {
        space = try Workspace()
        socket = try NotifySocket(path: "/tmp/nctd-\(UUID().uuidString.prefix(8)).sock")
        for folder in ["in", "out", "state", "profiles.d"] {
            try FileManager.default.createDirectory(atPath: space(folder), withIntermediateDirectories: true)
        }
        let drawn = try Subprocess.run(Subprocess.nctd, ["demo", "--output", space("demo"), "--count", "1"])
        try #require(drawn.status == 0, "\(drawn.error)")
        try space.write(
            "name = \"p\"\nreferences = [\"../demo/references/lab-a-1.png\"]\n", to: "profiles.d/p.toml")
        try configure()
        process.executableURL = URL(fileURLWithPath: Subprocess.nctd)
        process.arguments = ["run", "--config", space("nctd.toml")]
        var variables = ProcessInfo.processInfo.environment
        variables["NOTIFY_SOCKET"] = socket.path
        variables["NCTD_TEST_ENGINE"] = "copy"
        variables["WATCHDOG_USEC"] = nil
        variables["JOURNAL_STREAM"] = nil
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
    }

    func configure(extra: String = "") throws {
        try space.write(
            """
            [daemon]
            state_directory = "state"
            [output]
            directory = "out"
            minimum_free_mebibytes = 0
            \(extra)
            [[watch]]
            path = "in"
            lab = "lab-b"
            profile = "p"
            settle_seconds = 0
            """, to: "nctd.toml")
    }

    /// Copies a drawn capture into the watched tree.
    func capture(_ name: String) throws {
        let captures = try FileManager.default.contentsOfDirectory(atPath: space("demo/captures")).sorted()
        let first = try #require(captures.first)
        let bytes = try #require(space.read("demo/captures/\(first)"))
        try space.write(bytes, to: "in/\(name)")
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        unlink(socket.path)
    }
}

@Suite(.timeLimit(.minutes(15))) struct ServiceNotificationTests {
    @Test("systemd is told, in this order: ready with the counts, reloading and ready again, stopping")
    func sequence() throws {
        let bench = try NotifyBench()
        try bench.capture("there-before.png")
        try bench.process.run()
        let ready = try bench.socket.receive(until: "READY=1")
        #expect(ready.before.allSatisfy { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") }, "\(ready.before)")
        #expect(ready.message.contains("STATUS=all roots are scanned; "))
        _ = try bench.socket.receive(until: "STATUS=1 seen: 1 done, 0 failed, 0 pending, 0 ignored")

        kill(bench.process.processIdentifier, SIGHUP)
        let reloading = try bench.socket.receive(until: "RELOADING=1")
        #expect(reloading.message.contains(/\nMONOTONIC_USEC=[0-9]+/))
        #expect(try bench.socket.receive(until: "READY=1").before.isEmpty)

        try bench.configure(extra: "unknown_key = 1")
        kill(bench.process.processIdentifier, SIGHUP)
        _ = try bench.socket.receive(until: "RELOADING=1")
        #expect(try bench.socket.receive(until: "READY=1").before.isEmpty)
        let status = try bench.socket.receive(until: "STATUS=").message
        #expect(status.contains("RELOAD REFUSED") && status.contains("unknown_key"), "\(status)")

        kill(bench.process.processIdentifier, SIGTERM)
        _ = try bench.socket.receive(until: "STOPPING=1")
        bench.process.waitUntilExit()
        #expect(bench.process.terminationStatus == 0)
        #expect(bench.space.files(in: "out") == ["lab-b/there-before.png", "lab-b/there-before.png.json"])
    }

    @Test("The watchdog is fed until a worker hangs")
    func watchdog() throws {
        let bench = try NotifyBench(
            environment: ["WATCHDOG_USEC": "4000000", "NCTD_FAILPOINT": "afterDecoding:1:hang"])
        try bench.process.run()
        _ = try bench.socket.receive(until: "READY=1")
        for _ in 0..<3 { _ = try bench.socket.receive(until: "WATCHDOG=1") }
        try bench.capture("x.png")
        // Fed once a second; a hung worker is noticed after half of the watchdog's time. Then nothing comes but the
        // counts.
        var quiet = 0
        while quiet < 2 {
            let message = bench.socket.receive(milliseconds: 2000)
            if message == nil { quiet += 1 } else if message == "WATCHDOG=1" { quiet = 0 }
        }
        #expect(bench.process.isRunning)
    }
}
