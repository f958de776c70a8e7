import Config
import Daemon
import Foundation
import Ledger
import TestSupport
import Testing

/// Whom the daemon tells of what needs a person, how often, and what a bad command costs.
@Suite(.timeLimit(.minutes(15))) struct NotifyTests {
    private static let settings = NotifySettings(command: ["/bin/true"], mostPerHour: 3, delay: .seconds(60))

    private static func at(_ seconds: Double) -> Moment {
        Moment(milliseconds: Int64(seconds * 1000), wall: 1_700_000_000 + seconds)
    }

    private static func needs(_ names: String...) -> [NeedsPerson] {
        names.map { NeedsPerson(what: $0, text: "\($0) is away") }
    }

    /// Tells what there is to tell, and how it went.
    private static func step(
        _ policy: inout NotifyPolicy, _ needs: [NeedsPerson], at seconds: Double, isTold: Bool = true
    ) -> String? {
        guard let message = policy.message(needs, settings, now: at(seconds)) else { return nil }
        policy.ended(message, isTold: isTold, settings, now: at(seconds))
        return "+\(message.new.map(\.what).joined()) -\(message.over.joined()) =\(message.all.map(\.what).joined())"
    }

    @Test("What lasts is told once, what passes never, and its end once")
    func once() {
        var policy = NotifyPolicy()
        #expect(Self.step(&policy, Self.needs("a"), at: 0) == nil)
        #expect(Self.step(&policy, Self.needs("a"), at: 59) == nil)
        #expect(Self.step(&policy, Self.needs("a", "b"), at: 60) == "+a - =a")
        #expect(Self.step(&policy, Self.needs("a", "b"), at: 100) == nil)
        #expect(Self.step(&policy, Self.needs("a"), at: 110) == nil)
        // b passed by itself; a is well for a moment.
        #expect(Self.step(&policy, [], at: 200) == nil)
        #expect(Self.step(&policy, Self.needs("a"), at: 210) == nil)
        #expect(Self.step(&policy, [], at: 300) == nil)
        #expect(Self.step(&policy, [], at: 360) == "+ -a =")
        #expect(Self.step(&policy, [], at: 5000) == nil)
    }

    @Test("No more runs than may be within an hour; what could not be told is told later, all at once")
    func bounded() {
        var policy = NotifyPolicy()
        var told: [(Double, String)] = []
        // Something that comes and goes every two minutes, for three hours.
        for second in stride(from: 0.0, to: 10_800, by: 10) {
            let isThere = Int(second) / 120 % 2 == 0
            if let text = Self.step(&policy, Self.needs("x") + (isThere ? Self.needs("a") : []), at: second) {
                told.append((second, text))
            }
        }
        #expect(told.first?.1 == "+xa - =xa")
        for (index, (second, _)) in told.enumerated() {
            let within = told[index...].count { $0.0 < second + 3600 }
            #expect(within <= 3, "\(within) runs in the hour from \(second)")
        }
        // Each is told as it is at the time, never the same twice.
        for (one, next) in zip(told, told.dropFirst()) { #expect(one.1 != next.1) }
        #expect(told.count >= 8)
    }

    @Test(
        "A run that failed is repeated after its share of an hour, and another start of the daemon tells nothing twice")
    func failing() {
        var policy = NotifyPolicy()
        _ = Self.step(&policy, Self.needs("a"), at: 0)
        #expect(Self.step(&policy, Self.needs("a"), at: 60, isTold: false) == "+a - =a")
        #expect(Self.step(&policy, Self.needs("a"), at: 1200, isTold: false) == nil)
        #expect(Self.step(&policy, Self.needs("a"), at: 1260) == "+a - =a")
        var later = NotifyPolicy(policy.memory)
        for second in [2000.0, 2100, 9000] { #expect(Self.step(&later, Self.needs("a"), at: second) == nil) }
        _ = Self.step(&later, [], at: 9100)
        #expect(Self.step(&later, [], at: 9160) == "+ -a =")
        // The runs before the start count as well.
        var third = NotifyPolicy(policy.memory)
        #expect(third.memory.runs.count == 2)
        _ = Self.step(&third, Self.needs("a", "b"), at: 2000)
        #expect(Self.step(&third, Self.needs("a", "b"), at: 2060) == "+b - =ab")
        _ = Self.step(&third, Self.needs("a", "b", "c"), at: 2100)
        #expect(Self.step(&third, Self.needs("a", "b", "c"), at: 2200) == nil)
        #expect(Self.step(&third, Self.needs("a", "b", "c"), at: 3700) == "+c - =abc")
    }

    @Test("A message is one line for a mail's subject, and JSON whatever is in the names")
    func message() throws {
        let needs = [NeedsPerson(what: "x", text: "lab \"b\"\nis away \u{1F9EA}", since: 1_700_000_000)]
        let message = NotifyPolicy.Message(all: needs, new: needs, over: ["y"])
        #expect(message.subject(host: "h") == "nctd on h: lab \"b\" is away \u{1F9EA}")
        let json = try message.json(host: "h", now: Date(timeIntervalSince1970: 1_700_000_100))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        #expect(object["over"] as? [String] == ["y"] && object["new"] as? [String] == ["x"])
        let first = try #require((object["needs_person"] as? [[String: Any]])?.first)
        #expect(
            first["text"] as? String == needs[0].text && (first["since"] as? String)?.hasPrefix("2023-11-1") == true)
        let many = (1...500).map { NeedsPerson(what: "\($0)", text: String(repeating: "x", count: 100)) }
        #expect(try NotifyPolicy.Message(all: many, new: many, over: []).json(host: "h", now: Date()).count < 64 << 10)
    }

    // MARK: Commands

    private func run(
        _ script: String, _ space: Workspace, within limit: Duration = .seconds(60), mode: Int = 0o755
    ) async throws -> String? {
        let path = try space.write("#!/bin/sh\n" + script, to: "tell")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return await NotifyCommand.run(
            [path, "first", "a b"], environment: ["PATH": "/usr/bin:/bin", "NCTD_SUBJECT": "s"],
            input: Array("hello".utf8), within: limit)
    }

    @Test("A command gets its arguments, its input and its environment, and its status says how it went")
    func command() async throws {
        let space = try Workspace()
        let good = try await run(
            "printf '%s|%s|%s|' \"$1\" \"$2\" \"$NCTD_SUBJECT\" > \(space("got")); cat >> \(space("got"))", space)
        #expect(good == nil)
        #expect(space.read("got").map { String(decoding: $0, as: UTF8.self) } == "first|a b|s|hello")
        #expect(try await run("exit 3", space) == "it ended with status 3")
        #expect(try await run("kill -TERM $$", space) == "it was ended by signal 15")
        #expect(try await run("exit 0", space, mode: 0o644)?.contains("could not be started") == true)
        let missing = await NotifyCommand.run([space("nothing")], environment: [:], input: [], within: .seconds(5))
        #expect(missing?.contains("could not be started") == true)
        // A pipe that nobody reads ends it, as it would end any program.
        #expect(try await run("yes | head -1 > /dev/null", space) == nil)
    }

    @Test("A command that hangs is ended with all that it started, at its time or when the daemon stops")
    func hanging() async throws {
        let space = try Workspace()
        let script = "sleep 1000 & echo $! > \(space("child")); trap '' TERM; sleep 1000"
        func childIsGone() throws -> Bool {
            let text = String(decoding: try #require(space.read("child")), as: UTF8.self)
            let child = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            let state = FileManager.default.contents(atPath: "/proc/\(child)/stat").map {
                String(decoding: $0, as: UTF8.self)
            }
            return state?.contains(") Z") ?? true
        }
        /// Its end takes the system a moment.
        func expectGone() async throws {
            while try !childIsGone() { try await Task.sleep(for: .milliseconds(10)) }
        }
        #expect(try await run(script, space, within: .seconds(1)) == "it took longer than 1 s and was ended")
        try await expectGone()
        try FileManager.default.removeItem(atPath: space("child"))
        let running = Task { try await run(script, space) }
        while space.read("child")?.isEmpty ?? true { try await Task.sleep(for: .milliseconds(10)) }
        running.cancel()
        #expect(try await running.value == "the daemon stopped meanwhile")
        try await expectGone()
        // One that ends and leaves something running.
        #expect(try await run("sleep 1000 & echo $! > \(space("child"))", space) == nil)
        try await expectGone()
    }
}
