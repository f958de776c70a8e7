import Config
import Foundation
import Jobs
import Ledger

/// Has the command of `[notify]` tell somebody what needs a person: one run at a time.
struct Notifier: Sendable {
    let ledger: Ledger
    let live: LiveConfiguration
    let clock: any DaemonClock
    let log: EventLog

    /// Between two looks at what needs a person, milliseconds.
    private static let interval: Int64 = 2000

    func run() async {
        var policy = NotifyPolicy(await remembered())
        while !Task.isCancelled {
            if let settings = live.configuration.notify { await look(&policy, settings) }
            do { try await clock.sleep(milliseconds: Self.interval) } catch { return }
        }
    }

    private func remembered() async -> NotifyPolicy.Memory {
        let text = try? await ledger.value(of: .notified)
        return text.flatMap { try? JSONDecoder().decode(NotifyPolicy.Memory.self, from: Data($0.utf8)) } ?? .init()
    }

    private func look(_ policy: inout NotifyPolicy, _ settings: NotifySettings) async {
        // What cannot be asked for just now is asked again.
        guard let pauses = try? await ledger.pauses(), let roots = try? await ledger.roots(),
            let refused = try? await [RefusedReload.known(to: ledger)]
        else { return }
        let needs = NeedsPerson.all(pauses: pauses, roots: roots, refused: refused[0])
        guard let message = policy.message(needs, settings, now: clock.now) else { return }
        // Before the run: a daemon that dies in it and starts again must not forget that it ran.
        await remember(policy.memory)
        let subject = message.subject(host: Host.name)
        let failure = await NotifyCommand.run(
            settings.command, environment: Self.environment(message, subject),
            input: (try? message.json(host: Host.name, now: clock.now.date)) ?? [], within: settings.timeLimit)
        policy.ended(message, isTold: failure == nil, settings, now: clock.now)
        await remember(policy.memory)
        guard !Task.isCancelled else { return }
        if let failure {
            log.write(.notifyFailed(command: settings.command[0], reason: failure))
        } else {
            log.write(.notified(subject: subject, command: settings.command[0]))
        }
    }

    private func remember(_ memory: NotifyPolicy.Memory) async {
        guard let json = try? JSONEncoder().encode(memory) else { return }
        try? await ledger.set(.notified, String(decoding: json, as: UTF8.self))
    }

    /// The daemon's own, without what belongs to its service, and what the message is about.
    private static func environment(_ message: NotifyPolicy.Message, _ subject: String) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"] { environment[name] = nil }
        environment["NCTD_SUBJECT"] = subject
        environment["NCTD_STATE"] = message.all.isEmpty ? "in-order" : "needs-person"
        return environment
    }
}
