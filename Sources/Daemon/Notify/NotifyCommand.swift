import Dispatch
import Files
import Foundation
import Glibc
import Synchronization

/// One run of a command of the configuration's: a process in a group of its own, of which nothing is left at its end.
package final class NotifyCommand: Sendable {
    private struct State {
        var isReaped = false
        var isLate = false
        var isCancelled = false
    }

    private let process: pid_t
    private let state = Mutex(State())

    private init(_ process: pid_t) { self.process = process }

    /// Runs it to its end, or to the end of its time; a cancelled task ends it at once.
    ///
    /// - Returns: why it failed; nil where it ended with 0.
    package static func run(
        _ command: [String], environment: [String: String], input: [UInt8], within limit: Duration
    ) async -> String? {
        let run: NotifyCommand
        do {
            run = NotifyCommand(try WorkerSpawner.start(command, environment: environment, input: input))
        } catch {
            let code = (error as? POSIXError)?.code.rawValue ?? EIO
            return "it could not be started: \(SystemTrouble.text(code))"
        }
        return await withTaskCancellationHandler {
            await Blocking.run { run.end(within: limit) }
        } onCancel: {
            run.kill { $0.isCancelled = true }
        }
    }

    private func end(within limit: Duration) -> String? {
        let timer = DispatchSource.makeTimerSource()
        timer.setEventHandler { [self] in kill { $0.isLate = true } }
        timer.schedule(deadline: .now() + limit / .seconds(1))
        timer.activate()
        defer { timer.cancel() }
        var information = siginfo_t()
        _ = try? systemCall { waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) }
        // What it left behind goes with it, while its number is still its own.
        let end = state.withLock { state in
            Glibc.kill(-process, SIGKILL)
            state.isReaped = true
            return state
        }
        var status: Int32 = 0
        _ = try? systemCall { waitpid(process, &status, 0) }
        if end.isCancelled { return "the daemon stopped meanwhile" }
        if end.isLate { return "it took longer than \(limit.components.seconds) s and was ended" }
        let signal = status & 0x7F
        if signal != 0 { return "it was ended by signal \(signal)" }
        return status == 0 ? nil : "it ended with status \(status >> 8 & 0xFF)"
    }

    private func kill(_ note: (inout State) -> Void) {
        state.withLock { state in
            guard !state.isReaped else { return }
            note(&state)
            Glibc.kill(-process, SIGKILL)
        }
    }
}
