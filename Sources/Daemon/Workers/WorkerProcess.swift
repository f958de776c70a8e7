import Files
import Foundation
import Glibc
import Synchronization
import Watching

/// A worker as the daemon has it: a process, and the socket to it.
package final class WorkerProcess: Sendable {
    package let id: pid_t
    private let socket: WorkerSocket
    private let isReaped = Mutex(false)

    package init(id: pid_t, socket: WorkerSocket) {
        self.id = id
        self.socket = socket
    }

    deinit { end() }

    /// Starts one. Throws ``WorkerLoss/unavailable(_:)``.
    static func start(_ program: String) async throws -> WorkerProcess {
        do {
            let (own, other) = try WorkerSocket.pair()
            let id = try await WorkerSpawner.shared.spawn(program, socket: other)
            return WorkerProcess(id: id, socket: own)
        } catch {
            let code =
                switch error {
                case FrameError.system(let code): code
                case let error as POSIXError: error.code.rawValue
                default: EAGAIN
                }
            throw WorkerLoss.unavailable("its process could not be started: \(SystemTrouble.text(code))")
        }
    }

    /// Asks for something and waits for the answer; blocks. Throws ``WorkerLoss``; the process is then ended and reaped.
    ///
    /// - Parameters:
    ///   - descriptor: of a file to pass on; -1 for none.
    ///   - bodyLimit: the most bytes that may follow the answer's text.
    func ask<Request: Encodable>(
        _ request: Request, descriptor: Int32 = -1, bodyLimit: Int = 0, within limit: Duration
    ) throws -> (reply: WorkerReply, body: [UInt8]) {
        let deadline = SuspendingClock.now.advanced(by: limit)
        do {
            try socket.send(JSONEncoder().encode(request), descriptor: descriptor, until: deadline)
            let message = try socket.receive(bodyLimit: bodyLimit, until: deadline)
            if let descriptor = message.descriptor {
                close(descriptor)
                throw FrameError.garbled("a descriptor")
            }
            guard let reply = try? JSONDecoder().decode(WorkerReply.self, from: message.text) else {
                throw FrameError.garbled("its text is no answer")
            }
            return (reply, message.body)
        } catch {
            throw loss(error, limit)
        }
    }

    /// Ends the process for an answer that is well formed and cannot be.
    func reject(_ what: String) -> WorkerLoss {
        end()
        return .garbled(what)
    }

    private func loss(_ error: any Error, _ limit: Duration) -> WorkerLoss {
        // Of one that died by itself the status stays what it was.
        let status = end()
        if case FrameError.late = error { return .late(seconds: Int(limit.components.seconds)) }
        if case FrameError.garbled(let what) = error { return .garbled(what) }
        // It was ended for what this process or the machine has too little of, not for anything that it did.
        if case FrameError.system(let code) = error, Fault(code: code) == .machine {
            return .unavailable("it could not be asked: \(SystemTrouble.text(code))")
        }
        let signal = status & 0x7F
        return signal == 0 ? .ended(status: status >> 8 & 0xFF) : .died(signal: signal)
    }

    /// Whether it runs, or stands still, and has not ended.
    var isThere: Bool {
        isReaped.withLock { isReaped in
            guard !isReaped else { return false }
            var information = siginfo_t()
            return waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT) == 0
                && information.si_signo == 0
        }
    }

    /// Kills it and waits for its end, which is at once; returns its status, 0 if it was told before.
    @discardableResult
    func end() -> Int32 {
        isReaped.withLock { isReaped in
            guard !isReaped else { return 0 }
            isReaped = true
            kill(id, SIGKILL)
            var status: Int32 = 0
            _ = try? systemCall { waitpid(id, &status, 0) }
            return status
        }
    }
}
