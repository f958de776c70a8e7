import Foundation
import ImageFiles
import Jobs
import Ledger
import NCTEngine
import Watching

/// Why an attempt did not end with a commit.
enum AttemptError: Error {
    /// The file was written to while it was read, or since it was looked at.
    case changed(FileStamp)
    /// Its time has not come: what it waits for, and when it is looked at again.
    case notYet(note: String?, due: Int64)
    /// It could not be tried for want of a worker, which it is not to blame for; after so many milliseconds.
    case shortage(note: String, after: Int64)
    /// It needs so much memory, bytes, and captures in work have it.
    case memory(Int)
    /// The machine has too little of something.
    case machine(String)
    /// Its root's file system is in trouble: the error number, and words.
    case input(Int32, String)
    /// What is known of it could not be read or written.
    case ledger(any Error)
    case gone(String)
    case unmatched
    /// A page that its file does not have any more, or that is to have no result.
    case noPage(String)
    /// It may go well later.
    case passing(CaptureFailure)
    /// It will not go well until the file is another one.
    case lasting(CaptureFailure)
    /// The same of a file that cannot be decoded, unless it is still being written.
    case undecodable(CaptureFailure)
    case profile(String, reason: String)
    /// The worker that it was at is of no more use.
    case worker(WorkerLoss)
    /// The trees of results are in trouble.
    case output(TreeError)
    /// The same bytes are being worked on for another capture.
    case sameInWork
    /// Given back by a shutdown.
    case abandoned
}

extension AttemptError {
    /// What an error of reading, decoding, normalizing or committing means for the attempt.
    init(_ error: any Error) {
        switch error {
        case let error as AttemptError: self = error
        case WorkerLoss.unavailable(let reason): self = .shortage(note: reason, after: 30_000)
        case let loss as WorkerLoss: self = .worker(loss)
        case SourceError.gone(let reason): self = .gone(reason)
        case SourceError.trouble(let code, let operation):
            let text = "\(operation) failed: \(SystemTrouble.text(code))"
            switch Fault(code: code) {
            case .machine: self = .machine(text)
            case .tree: self = .input(code, text)
            case .capture: self = .passing(Self.unreadable(text))
            }
        case let error as FileError: self.init(SourceError(error))
        case let error where LedgerError(explaining: error) != nil: self = .ledger(error)
        case SourceError.tooLarge:
            self = .lasting(
                CaptureFailure(
                    code: "tooLarge", message: "the file is larger than is read",
                    remedy: "crop or compress the image"))
        case let error as TreeError where error.fault == .tree: self = .output(error)
        case let error as TreeError where error.fault == .machine: self = .machine("\(error)")
        case let error as TreeError:
            let failure = CaptureFailure(
                code: "output", message: "\(error.path): \(error.message)",
                remedy: CaptureFailure.remedy(ofOutput: error.code))
            self = error.code == ENAMETOOLONG || error.isNameTaken ? .lasting(failure) : .passing(failure)
        case let error as ImageFileError:
            let failure = CaptureFailure(code: error.code.rawValue, message: error.message, remedy: error.remedy)
            switch error.code {
            case .outOfMemory, .unreadable: self = .passing(failure)
            case .truncated, .corrupt, .notAnImage: self = .undecodable(failure)
            default: self = .lasting(failure)
            }
        case let error as EngineError:
            self = .lasting(CaptureFailure(code: error.code.rawValue, message: error.cause, remedy: error.remedy))
        default:
            self = .passing(
                CaptureFailure(
                    code: "unexpected", message: "\(error)", remedy: "see the journal; `nctd retry` tries again"))
        }
    }

    static func unreadable(_ reason: String) -> CaptureFailure {
        CaptureFailure(
            code: "unreadable", message: "the file could not be had: \(reason)",
            remedy: "check the share and the file's permissions; once they change it is tried again, or `nctd retry`")
    }
}
