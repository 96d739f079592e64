"""What teachers offer."""

from entrypoints.http.controllers import gigs
from tests.crash.requests import Later
from tests.crash.stage import Scene, Stage
from tests.crash.whole import Tally


def publishing_and_changing_a_gig(stage: Stage) -> Scene:
    teacher = stage.teacher()
    offer = {"title": "Spanish", "hourly_rate": "75.00", "currency": "usd"}
    publish = stage.request(teacher, gigs.publish_gig, offer)
    change = Later(
        lambda: stage.request(
            teacher, gigs.change_gig, {"hourly_rate": "80.00"}, gig_id=publish.result()["id"]
        )
    )
    return Scene((publish, change, stage.settle), Tally())
