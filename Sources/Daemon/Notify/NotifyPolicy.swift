import Config
import Foundation
import Jobs
import Ledger

/// Decides when the command of `[notify]` is run and with what: once when something begins to need a person, once when it
/// no longer does, and never more often than it may.
package struct NotifyPolicy: Sendable, Equatable {
    /// What a later start of the daemon must know, so that nothing is told twice.
    package struct Memory: Sendable, Equatable, Codable {
        /// What was told and is not over.
        package var told: Set<String> = []
        /// When the command was run within the last hour, seconds since 1970.
        package var runs: [Double] = []

        package init() {}
    }

    /// What is told at once.
    package struct Message: Sendable, Equatable {
        /// Everything that needs a person now.
        package var all: [NeedsPerson]
        package var new: [NeedsPerson]
        /// What was told and is over.
        package var over: [String]

        package init(all: [NeedsPerson], new: [NeedsPerson], over: [String]) {
            (self.all, self.new, self.over) = (all, new, over)
        }
    }

    package private(set) var memory: Memory
    /// Since when something is other than was told, on the monotonic clock.
    private var changed: [String: Int64] = [:]
    /// Not before then, on the same, after a failure.
    private var nextTry: Int64 = .min

    package init(_ memory: Memory = Memory()) { self.memory = memory }

    /// What is to be told now; nil for nothing. Counts as a run.
    package mutating func message(_ needs: [NeedsPerson], _ settings: NotifySettings, now: Moment) -> Message? {
        let present = Set(needs.map(\.what))
        let differing = present.symmetricDifference(memory.told)
        changed = changed.filter { differing.contains($0.key) }
        for what in differing where changed[what] == nil { changed[what] = now.milliseconds }
        let due = Set(changed.filter { now.milliseconds - $0.value >= settings.delay.milliseconds }.keys)
        // A clock that was set back makes no wait of it.
        memory.runs = memory.runs.filter { abs(now.wall - $0) < 3600 }
        guard !due.isEmpty, now.milliseconds >= nextTry, memory.runs.count < settings.mostPerHour else { return nil }
        memory.runs.append(now.wall)
        return Message(
            all: needs.filter { due.contains($0.what) || memory.told.contains($0.what) },
            new: needs.filter { due.contains($0.what) }, over: due.subtracting(present).sorted())
    }

    /// Notes what became of a message: what was not told is told later.
    package mutating func ended(_ message: Message, isTold: Bool, _ settings: NotifySettings, now: Moment) {
        guard isTold else {
            nextTry = now.milliseconds + 3_600_000 / Int64(settings.mostPerHour)
            return
        }
        memory.told.formUnion(message.new.map(\.what))
        memory.told.subtract(message.over)
        for what in message.new.map(\.what) + message.over { changed[what] = nil }
    }
}

extension NotifyPolicy.Message {
    /// The most things that are listed.
    private static let most = 100

    private struct Object: Encodable {
        struct Need: Encodable {
            var what: String
            var text: String
            var since: String?

            init(_ need: NeedsPerson) {
                (what, text) = (need.what, need.text)
                since = need.since.map { Timestamp.text(Date(timeIntervalSince1970: $0)) }
            }
        }

        var host: String
        var createdAt: String
        var subject: String
        var needsPerson: [Need]
        var new: [String]
        var over: [String]
    }

    /// One line, such as a mail's subject.
    package func subject(host: String) -> String {
        let text =
            switch (new.first, all.count) {
            case (let first?, 1): first.text
            case (_, 0): "in order again"
            case (let first?, let count): "\(first.text), and \(count - 1) more in need of a person"
            case (nil, let count): "\(over.joined(separator: ", ")) in order again; \(count) still in need of a person"
            }
        let line = "nctd on \(host): \(text)".split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 300 ? line.prefix(299) + "…" : line
    }

    /// What the command reads.
    package func json(host: String, now: Date) throws -> [UInt8] {
        let object = Object(
            host: host, createdAt: Timestamp.text(now), subject: subject(host: host),
            needsPerson: all.prefix(Self.most).map(Object.Need.init), new: new.prefix(Self.most).map(\.what),
            over: Array(over.prefix(Self.most)))
        return Array(try JSONText.encode(object)) + [UInt8(ascii: "\n")]
    }
}
