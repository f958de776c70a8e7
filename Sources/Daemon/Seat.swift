import Config
import Foundation
import Jobs
import Watching

extension CaptureWorker {
    /// A capture's place at a desk: which profile's it is, and what is known of the capture's lab.
    final class Seat {
        private(set) var desk: any CaptureDesk
        private(set) var profile: Profile
        private(set) var known: LabLearning.Known
        private var isTaken = true

        private init(_ desk: any CaptureDesk, _ profile: Profile, _ known: LabLearning.Known) {
            (self.desk, self.profile, self.known) = (desk, profile, known)
        }

        /// A desk of the profile that the capture's path tells. Where only its metadata do, any that it may be serves to
        /// find them out.
        static func take(for claim: Claim, of worker: CaptureWorker) async throws -> Seat {
            let matcher = claim.root.matcher
            var names = matcher.match(claim.row.path, metadata: nil).map { [$0.profile] } ?? []
            if matcher.needsMetadata { names += claim.root.settings.rules.map(\.profile) }
            guard let first = names.first else { throw AttemptError.unmatched }
            var trouble = AttemptError.profile(first, reason: "there is no such profile")
            for profile in names.compactMap({ claim.profiles[$0] }) {
                do {
                    let (desk, known) = try await find(profile, for: claim, of: worker)
                    return Seat(desk, profile, known)
                } catch let error as AttemptError {
                    trouble = error
                    guard case .profile = error else { break }
                }
            }
            throw trouble
        }

        /// Changes to a desk of a profile; false if it is at one.
        func move(to profile: Profile, for claim: Claim, of worker: CaptureWorker) async throws -> Bool {
            guard profile != self.profile else { return false }
            await leave()
            (desk, known) = try await Self.find(profile, for: claim, of: worker)
            (self.profile, isTaken) = (profile, true)
            return true
        }

        /// Once it has left, nothing.
        func leave() async {
            guard isTaken else { return }
            isTaken = false
            await desk.leave()
        }

        /// During a capture's work the daemon died: it does not happen in this process again.
        private static func find(
            _ profile: Profile, for claim: Claim, of worker: CaptureWorker
        ) async throws -> (any CaptureDesk, LabLearning.Known) {
            let isApart = claim.isolation == .processes || claim.row.crashes > 0
            if let closure = worker.pauses.closure(of: .profile(profile.name)) {
                throw AttemptError.profile(profile.name, reason: closure.reason)
            }
            worker.heartbeat.advance(claim.row.id, to: "preparing profile \(profile.name)")
            let known = await worker.learning.known(of: claim.root, for: profile)
            do {
                let desk = try await (isApart ? worker.pool : worker.ownDesks).desk(
                    for: profile, learned: known.current)
                worker.pauses.succeeded(at: [.profile(profile.name)])
                return (desk, known)
            } catch let error as AttemptError {
                throw error
            } catch let loss as WorkerLoss {
                throw AttemptError(loss)
            } catch {
                throw AttemptError.profile(profile.name, reason: "\(JobFailure(error, about: profile.subject))")
            }
        }
    }
}
