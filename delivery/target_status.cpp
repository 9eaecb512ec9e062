#include "delivery/target_status.hpp"

namespace macp::delivery {

std::string_view to_text(Outcome outcome) {
    switch (outcome) {
        case Outcome::Delivered:
            return "delivered";
        case Outcome::Retry:
            return "retry";
        case Outcome::Refused:
            return "refused";
        case Outcome::Gone:
            return "gone";
    }
    return "";
}

std::string_view to_text(Origin origin) {
    switch (origin) {
        case Origin::Config:
            return "config";
        case Origin::Mosaic:
            return "mosaic";
        case Origin::Api:
            return "api";
    }
    return "";
}

std::string_view to_text(TargetState state) {
    switch (state) {
        case TargetState::Healthy:
            return "healthy";
        case TargetState::Failing:
            return "failing";
        case TargetState::Paused:
            return "paused";
        case TargetState::Disabled:
            return "disabled";
    }
    return "";
}

std::string_view to_text(BreakerState state) {
    switch (state) {
        case BreakerState::Closed:
            return "closed";
        case BreakerState::Open:
            return "open";
        case BreakerState::HalfOpen:
            return "half-open";
    }
    return "";
}

}  // namespace macp::delivery
