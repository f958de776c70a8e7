import Daemon
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Synchronization
import TestSupport
import Testing
import Watching

/// Workers that answer what a test says.
@Suite(.timeLimit(.minutes(15))) struct WorkerAnswersTests {
    private static let decoded = (#"{"decoded":{"_0":{"format":"png","pageCount":1}}}"#, [UInt8]())

    /// A desk at a process that does nothing, for which this one answers.
    private final class Impostor: Sendable {
        let desk: WorkerDesk
        let space: Workspace
        private let socket: WorkerSocket

        init(_ answers: [(text: String, body: [UInt8])]) async throws {
            space = try Workspace()
            try space.write("#!/bin/sh\nexec sleep 1000 <&-\n", to: "mute")
            chmod(space("mute"), 0o755)
            try space.write("0123456789", to: "x.png")
            let (one, other) = try WorkerSocket.pair()
            socket = other
            let process = WorkerProcess(
                id: try await WorkerSpawner.shared.spawn(space("mute"), socket: other), socket: one)
            let box = Box()
            desk = WorkerDesk(
                WorkerPool.Worker(process: process, identity: .fixed("x")), limit: .seconds(20)
            ) { isSound in box.value.withLock { $0 = isSound } }
            self.box = box
            let socket = socket
            Thread {
                for answer in answers {
                    guard let message = try? socket.receive(bodyLimit: 0) else { return }
                    if let descriptor = message.descriptor { close(descriptor) }
                    try? socket.send(Data(answer.text.utf8), body: answer.body)
                }
            }.start()
        }

        private let box: Box
        private final class Box: Sendable { let value = Mutex<Bool?>(nil) }
        /// What the pool was told when the desk was left.
        var wasSound: Bool? { box.value.withLock { $0 } }
        var source: DirectorySource { DirectorySource(root: space.path) }
    }

    private let path = CapturePath("x.png")!

    private func expectGarbled(_ body: () async throws -> Void) async {
        await #expect {
            try await body()
        } throws: { error in
            if case WorkerLoss.garbled = error { true } else { false }
        }
    }

    @Test(
        "An answer that makes no sense, or belongs to another question, loses the worker",
        arguments: [
            "", "{", "[]", #"{"looked":7}"#, #"{"left":{}}"#, #"{"header":{"_0":{"width":-1}}}"#,
            #"{"read":{"count":11,"digest":"\#(String(repeating: "a", count: 64))"}}"#,
            #"{"read":{"count":10,"digest":"\#(String(repeating: "g", count: 64))"}}"#,
            #"{"read":{"count":10,"digest":"../../etc"}}"#,
        ])
    func nonsense(answer: String) async throws {
        let impostor = try await Impostor([(answer, [])])
        await expectGarbled { _ = try await impostor.desk.read(path, in: impostor.source, limit: 100) }
        await impostor.desk.leave()
        #expect(impostor.wasSound == false)
    }

    @Test("A header that cannot be loses the worker", arguments: ["-1", "9223372036854775807"])
    func header(width: String) async throws {
        let answer =
            #"{"header":{"_0":{"format":"png","width":\#(width),"height":1,"decodingBytesPerPixel":4}}}"#
        let impostor = try await Impostor([(answer, [])])
        await expectGarbled { _ = try await impostor.desk.header(of: path, in: impostor.source) }
    }

    @Test("Bytes that nobody asked for lose the worker, and so does a picture that has not its size")
    func bodies() async throws {
        let long = try await Impostor([(#"{"looked":{}}"#, [1, 2, 3])])
        await expectGarbled {
            _ = try await long.desk.incompleteness(of: path, in: long.source, budget: ReadBudget())
        }
        let picture = try await Impostor([
            Self.decoded, (#"{"picture":{"width":1000000000000,"height":1000000000000}}"#, [0]),
        ])
        _ = try await picture.desk.decode(name: "x", options: ReadingOptions())
        await expectGarbled { _ = try await picture.desk.picture() }
    }

    @Test("A result whose sidecar is none, or speaks of another image, loses the worker", arguments: [true, false])
    func results(isSidecar: Bool) async throws {
        let bench = try DaemonBench()
        try await bench.run(untilDone: "x.png")
        let json = try #require(bench.space.read("out/lab-a/x.png.json"))
        let sidecar = (isSidecar ? json : Data("{}".utf8)).base64EncodedString()
        let digest = String(repeating: "a", count: 64)
        let impostor = try await Impostor([
            (#"{"read":{"count":10,"digest":"\#(digest)"}}"#, []),
            (#"{"decoded":{"_0":{"format":"png","pageCount":1}}}"#, []),
            (#"{"rendered":{"sidecar":"\#(sidecar)"}}"#, Array("another image".utf8)),
        ])
        #expect(try await impostor.desk.read(path, in: impostor.source, limit: 100).digest == digest)
        _ = try await impostor.desk.decode(name: "x", options: ReadingOptions())
        await expectGarbled {
            _ = try await impostor.desk.render(
                RenderOrder(source: "x", format: .png, targets: [.delivered: "a", .flagged: "a", .held: "b"]))
        }
    }

    @Test("A failure that a worker tells of costs the capture, not the worker")
    func failures() async throws {
        let image = #"{"code":"truncated","message":"cut","path":"x","remedy":"again"}"#
        let engine = #"{"code":"invalidSamples","message":"odd","subject":{"reference":{"_0":1}},"remedy":"scale"}"#
        let impostor = try await Impostor([
            (#"{"failed":{"_0":{"image":{"_0":\#(image)}}}}"#, []),
            (#"{"failed":{"_0":{"engine":{"_0":\#(engine)}}}}"#, []), (#"{"left":{}}"#, []),
        ])
        await #expect(throws: ImageFileError(.truncated, "cut", path: "x", remedy: "again")) {
            _ = try await impostor.desk.read(path, in: impostor.source, limit: 100)
        }
        await #expect(throws: EngineError(.invalidSamples, "odd", subject: .reference(1), remedy: "scale")) {
            _ = try await impostor.desk.read(path, in: impostor.source, limit: 100)
        }
        await impostor.desk.leave()
        #expect(impostor.wasSound == true)
    }
}
