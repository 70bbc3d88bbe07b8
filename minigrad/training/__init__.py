"""The usual training loop, and what goes with it: callbacks, histories and checkpoints.

Nothing else needs it: a loop of your own uses the same parts.
"""

from .callbacks import BestWeights as BestWeights
from .callbacks import Checkpoint as Checkpoint
from .callbacks import CSVHistory as CSVHistory
from .callbacks import EarlyStopping as EarlyStopping
from .checkpoints import load_checkpoint as load_checkpoint
from .checkpoints import save_checkpoint as save_checkpoint
from .evaluation import accuracy as accuracy
from .evaluation import evaluate as evaluate
from .evaluation import predict as predict
from .fitting import fit as fit
from .history import History as History
from .progress import ProgressBar as ProgressBar
from .run import Callback as Callback
from .run import Run as Run
