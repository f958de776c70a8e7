import Daemon
import Foundation
import NCTEngine
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct WorkerSocketTests {
    /// Writes raw bytes to one end, and closes it.
    private func write(_ bytes: [UInt8]) throws -> WorkerSocket {
        let (one, other) = try WorkerSocket.pair()
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(other.number, $0.baseAddress! + written, $0.count - written)
            }
            try #require(count > 0)
            written += count
        }
        return one
    }

    /// A message as it goes over the wire.
    private func frame(text: UInt32, body: UInt64, _ content: [UInt8] = []) -> [UInt8] {
        Array("NCTW".utf8) + withUnsafeBytes(of: text) { Array($0) } + withUnsafeBytes(of: body) { Array($0) } + content
    }

    @Test("A text, bytes after it and a descriptor arrive as they were sent, empty or of megabytes")
    func whole() throws {
        for count in [0, 1, 3 << 20] {
            let (one, other) = try WorkerSocket.pair()
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let space = try Workspace()
            try space.write("passed on", to: "file")
            let file = open(space("file"), O_RDONLY)
            defer { close(file) }
            Thread { try? other.send(Data("{}".utf8), body: body, descriptor: file) }.start()
            let message = try one.receive(bodyLimit: count)
            #expect(message.text == Data("{}".utf8) && message.body == body)
            let passed = try #require(message.descriptor)
            defer { close(passed) }
            #expect(passed != file && fcntl(passed, F_GETFD) & FD_CLOEXEC != 0)
            var bytes = [UInt8](repeating: 0, count: 20)
            #expect(pread(passed, &bytes, 20, 0) == 9)
            #expect(String(decoding: bytes.prefix(9), as: UTF8.self) == "passed on")
        }
    }

    @Test("What is cut off anywhere is an error, and so is the end")
    func truncated() throws {
        let message = frame(text: 2, body: 5, Array("{}12345".utf8))
        for count in 0..<message.count {
            let socket = try write(Array(message.prefix(count)))
            #expect(throws: count == 0 ? FrameError.ended : .truncated) { try socket.receive(bodyLimit: 5) }
        }
        #expect(try write(message).receive(bodyLimit: 5).body == Array("12345".utf8))
    }

    @Test("Lengths beyond all limits are refused before anything is taken for them")
    func oversized() throws {
        for (text, body) in [(UInt32.max, UInt64(0)), (2, 6), (2, .max), (0, UInt64(Int.max)), (.max, .max)] {
            let socket = try write(frame(text: text, body: body, Array("{}123456".utf8)))
            #expect {
                try socket.receive(bodyLimit: 5)
            } throws: { error in
                if case FrameError.garbled = error { true } else { false }
            }
        }
    }

    @Test("Random bytes are errors, never an end of the process")
    func garbage() throws {
        var generator = SeededGenerator(seed: 1)
        for round in 0..<300 {
            var bytes = (0..<Int.random(in: 0..<64, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            if round.isMultiple(of: 2) { bytes = Array("NCTW".utf8) + bytes }
            let socket = try write(bytes)
            #expect(throws: FrameError.self, "round \(round)") {
                while true { _ = try socket.receive(bodyLimit: 1 << 20) }
            }
        }
    }

    @Test("What does not come, stops coming or is not taken ends at the deadline, and what comes does not")
    func late() throws {
        let soon = Duration.milliseconds(50)
        let (one, other) = try WorkerSocket.pair()
        #expect(throws: FrameError.late) { try one.receive(bodyLimit: 5, until: .now.advanced(by: soon)) }
        let message = frame(text: 2, body: 5, Array("{}12345".utf8))
        for count in 1..<message.count {
            let (one, other) = try WorkerSocket.pair()
            #expect(Glibc.write(other.number, message, count) == count)
            #expect(throws: FrameError.late) { try one.receive(bodyLimit: 5, until: .now) }
        }
        // More than the system keeps for a reader that does not read.
        let body = [UInt8](repeating: 1, count: 64 << 20)
        #expect(throws: FrameError.late) { try one.send(Data(), body: body, until: .now.advanced(by: soon)) }
        let (third, fourth) = try WorkerSocket.pair()
        Thread { try? fourth.send(Data("{}".utf8), body: body, until: .now.advanced(by: .seconds(200))) }.start()
        #expect(try third.receive(bodyLimit: body.count, until: .now.advanced(by: .seconds(200))).body == body)
        withExtendedLifetime(other) {}
    }

    @Test("Sending to an end that is closed is an error, not a signal")
    func closed() throws {
        let one = try write([])
        #expect(throws: FrameError.ended) { try one.send(Data("{}".utf8), body: [UInt8](repeating: 0, count: 1 << 20)) }
    }
}
