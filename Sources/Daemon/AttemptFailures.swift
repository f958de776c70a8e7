import Foundation
import ImageFiles
import Ledger
import NCTEngine

/// What is said of captures that end an attempt's process, or take more than there is: what is true, and what to do.
extension CaptureFailure {
    /// The capture cost a worker.
    ///
    /// - Parameter count: of workers that it cost, with this one.
    package init(_ loss: WorkerLoss, count: Int) {
        self.init(
            code: loss.code, message: loss.description + (count > 1 ? ", the \(count.ordinal) that it cost" : ""),
            remedy: loss.remedy + ", then `nctd retry`")
    }

    /// The daemon died while the capture was in work.
    static func crashed(times: Int) -> CaptureFailure {
        CaptureFailure(
            code: "crashed", message: "the daemon died \(times.counted("time")) while this file was in work",
            remedy: "see the journal for what ended it: memory that ran out, a machine that was switched off, or a "
                + "defect of nctd, which please report with the file; then `nctd retry`")
    }

    /// What to do about an error of the output tree, by its number.
    package static func remedy(ofOutput code: Int32) -> String {
        switch code {
        case ENAMETOOLONG: "give the capture a shorter name"
        case ELOOP: "put a folder in the link's place; links in the output tree are not followed"
        case _ where TreeError.isNameTaken(code):
            "a file or folder of that name is in the way, such as the results of a folder that is named like "
                + "this capture's result; rename the capture, then `nctd retry`"
        case ENOENT: "see whether something else removes or renames files in the output tree, then `nctd retry`"
        case ENOSPC, EDQUOT: "make room for the output tree, then `nctd retry`"
        case EROFS: "have the output tree's file system mounted for writing, then `nctd retry`"
        case EACCES, EPERM: "check the output tree's permissions, then `nctd retry`"
        default: "check the disk or share that the output tree lies on, then `nctd retry`"
        }
    }

    /// It needs more memory than one capture may take.
    static func tooLarge(needing bytes: Int, largest: Int) -> CaptureFailure {
        CaptureFailure(
            code: ImageFileError.Code.tooLarge.rawValue,
            message:
                "it needs about \(bytes >> 20) MiB of memory, and one capture may take \(largest >> 20) MiB, seven "
                + "eighths of what all captures in work may take together",
            remedy: "crop or scale the image, or raise daemon.memory_mebibytes, then `nctd retry`")
    }
}

extension WorkerLoss {
    /// The failure's code, where it costs the capture.
    var code: String {
        if case .late = self { "late" } else { "crashed" }
    }

    /// What to do about it, as the beginning of a sentence.
    var remedy: String {
        switch self {
        case .late:
            "crop or scale the image, or raise daemon.step_limit_seconds (under a service manager also its WatchdogSec=, "
                + "of which a step may take two fifths)"
        case .died(SIGKILL):
            "see `journalctl -k` whether the system ended it for want of memory, and lower daemon.workers or "
                + "daemon.memory_mebibytes"
        case .unavailable: "see whether the machine has enough memory and processes"
        case .died, .ended, .garbled:
            "export it again; if it fails again, please report the file, for this is a defect of nctd"
        }
    }
}
